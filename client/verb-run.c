/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* run: start a job, with the caller's folder and environment. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "client/client-error.h"
#include "client/connection.h"
#include "client/job-lookup.h"
#include "client/job-wait.h"
#include "client/linger.h"
#include "client/options.h"
#include "client/output.h"
#include "client/report.h"
#include "client/start-failure.h"
#include "helicopter/bus-container.h"
#include "helicopter/bus-names.h"
#include "helicopter/exit-code.h"
#include "helicopter/grant-policy.h"

#define START_TIMEOUT (60 * G_USEC_PER_SEC)

typedef struct RunOptions {
        char *job;
        char *folder;
        char **variables;
        char **properties;
        char *grant_policy;
        gboolean wait, follow;
} RunOptions;

static void run_options_clear(RunOptions *options) {
        g_free(options->job);
        g_free(options->folder);
        g_free(options->grant_policy);
        g_strfreev(options->variables);
        g_strfreev(options->properties);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(RunOptions, run_options_clear)

static int check_variables(const Verb *verb, char **variables) {
        for (; variables && *variables; variables++)
                if (strchr(*variables, '=') == NULL || **variables == '=') {
                        options_usage(verb, "-E takes NAME=VALUE, not '%s'", *variables);
                        return -EINVAL;
                }
        return 0;
}

static int parse(const Verb *verb, RunOptions *options, int *argc, char ***argv) {
        const GOptionEntry entries[] = {
                { "job", 'j', 0, G_OPTION_ARG_STRING, &options->job, "Name the job (default: after its script)",
                        "NAME" },
                { "name", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_STRING, &options->job, NULL, NULL }, /* docker's */
                { "directory", 'C', 0, G_OPTION_ARG_FILENAME, &options->folder, "Run in this folder", "DIR" },
                { "env", 'E', 0, G_OPTION_ARG_FILENAME_ARRAY, &options->variables, "Set an environment variable",
                        "NAME=VALUE" },
                { "property", 'p', 0, G_OPTION_ARG_STRING_ARRAY, &options->properties,
                        "Set a property of the job's unit, as MemoryMax=4G or Restart=on-failure", "NAME=VALUE" },
                { "grant-policy", 0, 0, G_OPTION_ARG_STRING, &options->grant_policy,
                        "Who may debug it: " GRANT_POLICY_NAMES, "POLICY" },
                { "wait", 'w', 0, G_OPTION_ARG_NONE, &options->wait, "Wait for the job's end, exit as it does", NULL },
                { "follow", 'f', 0, G_OPTION_ARG_NONE, &options->follow, "Wait, and show what the job writes", NULL },
                { NULL },
        };
        int r;

        r = options_parse(verb, entries, argc, argv);
        if (r <= 0)
                return r;
        if (*argc < 2) {
                options_usage(verb, "No command was given");
                return -EINVAL;
        }
        r = check_variables(verb, options->variables);
        return r < 0 ? r : 1;
}

/* The job's environment: ours, and what was asked for. Owned by the caller. */
static char **make_environment(char **variables) {
        char **environment = g_get_environ();

        environment = g_environ_setenv(environment, "PYTHONUNBUFFERED", "1", FALSE);
        for (; variables && *variables; variables++) {
                g_autofree char *name = g_strndup(*variables, (size_t) (strchr(*variables, '=') - *variables));

                environment = g_environ_setenv(environment, name, strchr(*variables, '=') + 1, TRUE);
        }
        return environment;
}

static int append_environment(sd_bus_message *call, char **variables) {
        g_auto(GStrv) environment = make_environment(variables);
        int r;

        r = sd_bus_message_open_container(call, 'a', "s");
        for (char **variable = environment; r >= 0 && *variable; variable++)
                if (g_utf8_validate(*variable, -1, NULL))
                        r = sd_bus_message_append(call, "s", *variable);
                else
                        report_note("Leaving out %.*s: it is not UTF-8", (int) strcspn(*variable, "="), *variable);
        return r < 0 ? r : sd_bus_message_close_container(call);
}

static int append_folder(sd_bus_message *call, const char *folder) {
        g_autofree char *here = g_get_current_dir();
        g_autofree char *path = folder ? g_canonicalize_filename(folder, here) : NULL;

        return sd_bus_message_append(call, "s", path ?: here);
}

static int append_properties(sd_bus_message *call, char **properties) {
        int r;

        r = bus_entry_open(call, 'e', "properties", "as");
        if (r >= 0)
                r = sd_bus_message_append_strv(call, properties);
        return r < 0 ? r : bus_entry_close(call);
}

/* There is no call that only reads it. */
static mode_t own_umask(void) {
        mode_t mask = umask(0);

        umask(mask);
        return mask;
}

static int append_options(sd_bus_message *call, const RunOptions *options) {
        int r;

        r = sd_bus_message_open_container(call, 'a', "{sv}");
        if (r < 0)
                return r;
        r = sd_bus_message_append(call, "{sv}", "umask", "u", (uint32_t) own_umask());
        if (r < 0)
                return r;
        if (options->grant_policy)
                r = sd_bus_message_append(call, "{sv}", "grant-policy", "s", options->grant_policy);
        if (r < 0)
                return r;
        if (options->properties)
                r = append_properties(call, options->properties);
        return r < 0 ? r : sd_bus_message_close_container(call);
}

static int append_arguments(sd_bus_message *call, const RunOptions *options, char **command) {
        int r;

        r = sd_bus_message_append(call, "s", options->job ?: "");
        if (r < 0)
                return r;
        r = sd_bus_message_append_strv(call, command);
        if (r < 0)
                return r;
        r = append_folder(call, options->folder);
        if (r < 0)
                return r;
        r = append_environment(call, options->variables);
        return r < 0 ? r : append_options(call, options);
}

static int start(
        Connection *connection, const RunOptions *options, char **command, char **ret_object, sd_bus_error *error) {
        g_autoptr(sd_bus_message) call = NULL, reply = NULL;
        const char *object;
        int r;

        r = connection_prepare(connection, HELICOPTER_OBJECT, HELICOPTER_MANAGER_INTERFACE, "StartJob", &call);
        if (r < 0)
                return sd_bus_error_set_errno(error, r);
        r = append_arguments(call, options, command);
        if (r < 0)
                return client_error_set(
                        error, CLIENT_ERROR_BAD_TEXT, EILSEQ, "The command, its folder or its name is not UTF-8");
        r = connection_send(connection, call, START_TIMEOUT, &reply, error);
        if (r < 0)
                return r;
        r = sd_bus_message_read(reply, "o", &object);
        if (r < 0)
                return sd_bus_error_set_errno(error, r);
        *ret_object = g_strdup(object);
        return 0;
}

/* What cannot be shown does not keep the job from being waited for. */
static void show_output(Connection *connection, const char *object) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        const OutputOptions all = { .lines = OUTPUT_ALL_LINES };
        g_autoptr(JobInfo) job = NULL;
        int r;

        r = job_info_get(connection, object, &job, &error);
        if (r >= 0)
                r = output_show(job, &all, true, &error);
        if (r < 0)
                report_failure(&error, r);
}

static int wait_for_end(Connection *connection, const char *object, bool follow) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        g_autoptr(JobInfo) info = NULL;
        int r;

        if (follow)
                show_output(connection, object);
        r = job_wait_end(connection, object, &info, &error);
        if (r < 0)
                return start_failure(&error, r, EXIT_OWN_FAILURE);
        return job_wait_exit_code(info);
}

/* A job that nobody waits for is meant to outlive the session. */
static void warn_of_logout(Connection *connection, const char *object) {
        g_autoptr(JobInfo) job = NULL;

        if (linger_is_on() != 0 || job_info_get(connection, object, &job, NULL) < 0 ||
                !linger_matters(job->control_group))
                return;
        report_note("Warning: job %s ends when you log out, since lingering is off; '" LINGER_REMEDY "' lets it go on.",
                job->name);
}

int verb_run(const Verb *verb, int argc, char **argv) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        g_autoptr(Connection) connection = NULL;
        g_autofree char *object = NULL, *name = NULL;
        g_auto(RunOptions) options = { 0 };
        int r;

        r = parse(verb, &options, &argc, &argv);
        if (r <= 0)
                return options_exit_code(r);
        r = connection_open(&connection, &error);
        if (r >= 0)
                r = start(connection, &options, argv + 1, &object, &error);
        if (r < 0)
                return start_failure(&error, r, EXIT_OWN_FAILURE);
        name = job_lookup_name(object);
        printf("%s\n", name);
        fflush(stdout);
        if (options.wait || options.follow)
                return wait_for_end(connection, object, options.follow);
        warn_of_logout(connection, object);
        return EXIT_SUCCESS;
}
