/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* kill: send a job a signal. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/job-lookup.h"
#include "client/options.h"
#include "client/report.h"
#include "client/signal-name.h"
#include "helicopter/bus-names.h"

typedef struct KillOptions {
        char *job;
        char *name;
        const char *dashed; /* the signal's name where it was given as an option of its own */
        gboolean all;
        int signal_number;
} KillOptions;

static void kill_options_clear(KillOptions *options) {
        g_free(options->job);
        g_free(options->name);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(KillOptions, kill_options_clear)

/* "-9" and "-TERM", which kill(1) knows. What follows a "--" is a name. */
static void take_dashed(KillOptions *options, int *argc, char **argv) {
        for (int i = 1; i < *argc && strcmp(argv[i], "--") != 0; i++) {
                const char *name = argv[i] + 1;

                if (*argv[i] != '-' || g_ascii_islower(*name) || signal_name_parse(name) < 0)
                        continue;
                options->dashed = name;
                memmove(argv + i, argv + i + 1, (size_t) (*argc - i) * sizeof *argv);
                (*argc)--;
                return;
        }
}

static int set_signal(const Verb *verb, KillOptions *options) {
        const char *name = options->dashed ?: options->name ?: "TERM";

        if (options->dashed && options->name) {
                options_usage(verb, "-%s and --signal=%s contradict each other", options->dashed, options->name);
                return -EINVAL;
        }
        options->signal_number = signal_name_parse(name);
        if (options->signal_number >= 0)
                return 1;
        options_usage(verb, "There is no signal '%s'", name);
        return -EINVAL;
}

static int parse(const Verb *verb, KillOptions *options, int argc, char **argv, const char **ret_name) {
        const GOptionEntry entries[] = {
                OPTION_JOB(&options->job),
                { "signal", 's', 0, G_OPTION_ARG_STRING, &options->name, "The signal (default: TERM)", "SIGNAL" },
                { "all", 'a', 0, G_OPTION_ARG_NONE, &options->all, "Send it to all processes of the job", NULL },
                { NULL },
        };
        int r;

        take_dashed(options, &argc, argv);
        r = options_parse_job(verb, entries, &options->job, argc, argv, ret_name);
        return r <= 0 ? r : set_signal(verb, options);
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

        r = parse(verb, &options, argc, argv, &name);
        if (r <= 0)
                return options_exit_code(r);
        r = find_and_kill(name, &options, &error);
        return r < 0 ? report_failure(&error, r) : EXIT_SUCCESS;
}
