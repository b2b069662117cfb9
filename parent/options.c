/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "parent/options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "helicopter/error.h"
#include "helicopter/job-name.h"
#include "helicopter/log.h"
#include "parent/environment.h"
#include "parent/job-config.h"

static const char description[] = "A target that ends in .py is run with the python3 of the PATH; anything else is\n"
                                  "executed as given. The exit status is the job's, or 125: helicopter-parent\n"
                                  "itself failed, 126: the command cannot be executed, 127: it was not found.\n"
                                  "POLICY is " GRANT_POLICY_NAMES ".\n"
                                  "\n"
                                  "To debug the job: helicopter-client attach --job NAME";

void options_clear(Options *options) {
        g_clear_pointer(&options->name, g_free);
        g_clear_pointer(&options->environment, g_strfreev);
        g_clear_pointer(&options->start, g_bytes_unref);
        g_clear_pointer(&options->working_directory, g_free);
        g_clear_pointer(&options->command, g_strfreev);
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

static int read_environment(Options *options) {
        int r = environment_from_stdin(&options->environment, &options->start);

        if (r < 0)
                log_error("The environment of the job cannot be read from standard input: %s; 'helicopter-client run' "
                          "passes one.",
                        g_strerror(-r));
        return r;
}

/* The job is in a file, and not on the command line. */
static int read_config(const char *path, char **words, Options *options) {
        g_auto(JobConfig) config = {};
        g_autoptr(GError) error = NULL;
        int r;

        if (words[0]) {
                log_error("With --config there is no command; 'helicopter-parent --help' shows how it is used.");
                return -EINVAL;
        }
        r = job_config_read(path, &config, &error);
        if (r < 0) {
                log_error("%s: %s; helicopter-parent(1) says what is in such a file.", path, error->message);
                return r;
        }
        set_command(config.command, options);
        options->working_directory = g_steal_pointer(&config.working_directory);
        options->environment = environment_with(config.environment);
        options->grant_policy = config.grant_policy;
        return 0;
}

static int set_name(const char *name, Options *options) {
        options->name_is_given = name != NULL;
        options->name = name ? g_strdup(name) : job_name_from_command((const char *const *) options->command);
        if (job_name_is_valid(options->name))
                return 0;
        log_error("'%s' is not a name for a job. %s", options->name, error_remedy(HELICOPTER_ERROR_BAD_NAME));
        return -EINVAL;
}

static int check(char **words, const char *config, gboolean version, const GError *error) {
        if (error) {
                log_error("%s; 'helicopter-parent --help' shows how it is used.", error->message);
                return -EINVAL;
        }
        if (version) {
                puts("helicopter-parent " HELICOPTER_VERSION);
                return 1;
        }
        if (!config && (!words[0] || !words[0][0])) {
                log_error("There is no command to run; 'helicopter-parent --help' shows how it is used.");
                return -EINVAL;
        }
        return 0;
}

static int set_policy(const char *name, Options *options) {
        int policy = grant_policy_from_string(name);

        if (policy < 0) {
                log_error("--grant-policy takes " GRANT_POLICY_NAMES ", not '%s'.", name);
                return policy;
        }
        options->grant_policy = (GrantPolicy) policy;
        return 0;
}

int options_parse(int argc, char **argv, Options *ret_options) {
        g_autoptr(GOptionContext) context = g_option_context_new("[--] target.py|COMMAND [ARGUMENT…]");
        g_autofree char *name = NULL, *config = NULL, *policy = NULL;
        g_auto(Options) options = {};
        g_autoptr(GError) error = NULL;
        gboolean version = FALSE, environment = FALSE;
        char **words;
        const GOptionEntry entries[] = {
                { "job", 'j', 0, G_OPTION_ARG_STRING, &name, "Name the job (default: made from the command)", "NAME" },
                { "config", 'c', 0, G_OPTION_ARG_FILENAME, &config,
                        "Read the job from a file (helicopter-job@.service)", "FILE" },
                { "grant-policy", 0, 0, G_OPTION_ARG_STRING, &policy, "Who may debug it (default: same-user)",
                        "POLICY" },
                { "environment-on-stdin", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_NONE, &environment, NULL, NULL },
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
        r = check(words, config, version, error);
        if (r != 0)
                return r;
        if (config)
                r = read_config(config, words, &options);
        else
                set_command(words, &options);
        if (r >= 0)
                r = set_name(name, &options);
        if (r >= 0 && policy)
                r = set_policy(policy, &options);
        if (r >= 0 && environment)
                r = read_environment(&options);
        if (r < 0)
                return r;
        *ret_options = options;
        options = (Options) {};
        return 0;
}
