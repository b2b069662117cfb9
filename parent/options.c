/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "parent/options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "helicopter/error.h"
#include "helicopter/job-name.h"
#include "helicopter/log.h"

static const char description[] = "A target that ends in .py is run with the python3 of the PATH; anything else is "
                                  "executed as given. The job's exit\n"
                                  "status is helicopter-parent's. 125: helicopter-parent itself failed, 126: the "
                                  "command cannot be executed, 127: it\n"
                                  "was not found.\n"
                                  "\n"
                                  "To debug the job: helicopter-client attach --job NAME";

void options_clear(Options *options) {
        g_clear_pointer(&options->name, g_free);
        g_clear_pointer(&options->environment, g_strfreev);
        g_clear_pointer(&options->command, g_strfreev);
}

/* NUL-separated NAME=VALUE strings, as in /proc/PID/environ. */
static char **split_environment(const char *text, gsize size) {
        g_autoptr(GPtrArray) variables = g_ptr_array_new();

        for (const char *variable = text; variable < text + size; variable += strlen(variable) + 1)
                g_ptr_array_add(variables, g_strdup(variable));
        g_ptr_array_add(variables, NULL);
        return (char **) g_ptr_array_steal(variables, NULL);
}

/* What the service manager tells a unit's processes stays theirs (systemd.exec(5)). */
static char **keep_unit_variables(char **environment) {
        static const char *const kept[] = { "INVOCATION_ID", "JOURNAL_STREAM", "SYSTEMD_EXEC_PID",
                "MEMORY_PRESSURE_WATCH", "MEMORY_PRESSURE_WRITE", NULL };

        for (const char *const *name = kept; *name; name++) {
                const char *value = g_getenv(*name);

                environment = value ? g_environ_setenv(environment, *name, value, true)
                                    : g_environ_unsetenv(environment, *name);
        }
        return environment;
}

static int read_environment(const char *path, Options *options) {
        g_autoptr(GError) error = NULL;
        g_autofree char *text = NULL;
        gsize size;

        if (!g_file_get_contents(path, &text, &size, &error)) {
                log_error("The environment of the job cannot be read: %s", error->message);
                return -EIO;
        }
        /* What may hold secrets lies about no longer than needed. */
        unlink(path);
        options->environment = keep_unit_variables(split_environment(text, size));
        return 0;
}

static void set_command(char **words, Options *options) {
        g_autoptr(GPtrArray) command = g_ptr_array_new();
        bool is_script = g_str_has_suffix(words[0], ".py");

        if (is_script)
                g_ptr_array_add(command, g_strdup("python3"));
        for (; *words; words++)
                g_ptr_array_add(command, g_strdup(*words));
        g_ptr_array_add(command, NULL);
        options->command = (char **) g_ptr_array_steal(command, NULL);
        options->script = is_script ? options->command[1] : NULL;
}

static int set_name(const char *name, Options *options) {
        options->name_is_given = name != NULL;
        options->name = name ? g_strdup(name) : job_name_from_command((const char *const *) options->command);
        if (job_name_is_valid(options->name))
                return 0;
        log_error("'%s' is not a name for a job. %s", options->name, error_remedy(HELICOPTER_ERROR_BAD_NAME));
        return -EINVAL;
}

static int check(char **words, gboolean version, const GError *error) {
        if (error) {
                log_error("%s; 'helicopter-parent --help' shows how it is used.", error->message);
                return -EINVAL;
        }
        if (version) {
                puts("helicopter-parent " HELICOPTER_VERSION);
                return 1;
        }
        if (!words[0] || !words[0][0]) {
                log_error("There is no command to run; 'helicopter-parent --help' shows how it is used.");
                return -EINVAL;
        }
        return 0;
}

static int set_policy(const char *name, Options *options) {
        int policy = name ? grant_policy_from_string(name) : GRANT_POLICY_SAME_USER;

        if (policy < 0) {
                log_error("--grant-policy takes " GRANT_POLICY_NAMES ", not '%s'.", name);
                return policy;
        }
        options->grant_policy = (GrantPolicy) policy;
        return 0;
}

int options_parse(int argc, char **argv, Options *ret_options) {
        g_autoptr(GOptionContext) context = g_option_context_new("[--] target.py|COMMAND [ARGUMENT…]");
        g_autofree char *name = NULL, *environment = NULL, *policy = NULL;
        g_auto(Options) options = {};
        g_autoptr(GError) error = NULL;
        gboolean version = FALSE;
        char **words;
        const GOptionEntry entries[] = {
                { "job", 'j', 0, G_OPTION_ARG_STRING, &name, "Name the job (default: made from the command)", "NAME" },
                { "grant-policy", 0, 0, G_OPTION_ARG_STRING, &policy,
                        "Who may debug it: " GRANT_POLICY_NAMES " (default: same-user)", "POLICY" },
                { "environment", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_FILENAME, &environment, NULL, "FILE" },
                { "version", 0, 0, G_OPTION_ARG_NONE, &version, "Show the version", NULL },
                {},
        };
        int r;

        g_option_context_add_main_entries(context, entries, NULL);
        g_option_context_set_summary(context, "Run a job so that a debugger can be attached to it later.");
        g_option_context_set_description(context, description);
        /* What follows the command belongs to it. */
        g_option_context_set_strict_posix(context, true);
        g_option_context_parse(context, &argc, &argv, &error);
        words = argv + 1;
        if (words[0] && strcmp(words[0], "--") == 0)
                words++;
        r = check(words, version, error);
        if (r != 0)
                return r;
        set_command(words, &options);
        r = set_name(name, &options);
        if (r >= 0)
                r = set_policy(policy, &options);
        if (r >= 0 && environment)
                r = read_environment(environment, &options);
        if (r < 0)
                return r;
        *ret_options = options;
        options = (Options) {};
        return 0;
}
