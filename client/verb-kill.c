/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* kill: send a job a signal. */

#include <errno.h>
#include <signal.h>
#include <stdlib.h>

#include "client/job-lookup.h"
#include "client/options.h"
#include "client/report.h"
#include "client/signal-name.h"
#include "helicopter/bus-names.h"

typedef struct KillOptions {
        char *job;
        char *name;
        gboolean all;
        int signal_number;
} KillOptions;

static void kill_options_clear(KillOptions *options) {
        g_free(options->job);
        g_free(options->name);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(KillOptions, kill_options_clear)

static int parse(const Verb *verb, KillOptions *options, int *argc, char ***argv) {
        const GOptionEntry entries[] = {
                OPTION_JOB(&options->job),
                { "signal", 's', 0, G_OPTION_ARG_STRING, &options->name, "The signal (default: TERM)", "SIGNAL" },
                { "all", 'a', 0, G_OPTION_ARG_NONE, &options->all, "Send it to all processes of the job", NULL },
                { NULL },
        };
        int r;

        r = options_parse(verb, entries, argc, argv);
        if (r <= 0)
                return r;
        options->signal_number = options->name ? signal_name_parse(options->name) : SIGTERM;
        if (options->signal_number < 0) {
                options_usage(verb, "There is no signal '%s'", options->name);
                return -EINVAL;
        }
        return 1;
}

static int find_and_kill(const char *name, const KillOptions *options, sd_bus_error *error) {
        g_autoptr(Connection) connection = NULL;
        g_autofree char *object = NULL;
        int r;

        r = job_lookup_open(name, &connection, &object, error);
        if (r < 0)
                return r;
        return connection_call(connection, object, HELICOPTER_JOB_INTERFACE, "Kill", CALL_TIMEOUT, NULL, error, "si",
                options->all ? "all" : "main", options->signal_number);
}

int verb_kill(const Verb *verb, int argc, char **argv) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        g_auto(KillOptions) options = { 0 };
        const char *name;
        int r;

        r = parse(verb, &options, &argc, &argv);
        if (r > 0)
                r = options_job_name(verb, options.job, argc, argv, &name) ?: 1;
        if (r <= 0)
                return options_exit_code(r);
        r = find_and_kill(name, &options, &error);
        if (r < 0) {
                report_failure(&error, r);
                return EXIT_FAILURE;
        }
        return EXIT_SUCCESS;
}
