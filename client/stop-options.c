/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/stop-options.h"

#include "helicopter/bus-names.h"

#define DEFAULT_GRACE 10.0

/* What the daemon and the kernel may take beyond the grace period, in microseconds. */
#define STOP_MARGIN (15 * G_USEC_PER_SEC)

void stop_options_clear(StopOptions *options) {
        g_clear_pointer(&options->job, g_free);
}

int stop_options_parse(const Verb *verb, StopOptions *options, int argc, char **argv) {
        double seconds = DEFAULT_GRACE;
        const GOptionEntry entries[] = {
                OPTION_JOB(&options->job),
                { "grace", 'g', 0, G_OPTION_ARG_DOUBLE, &seconds, "Seconds between SIGTERM and SIGKILL (default: 10)",
                        "S" },
                { "timeout", 't', G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_DOUBLE, &seconds, NULL, NULL }, /* docker's */
                { NULL },
        };
        int r;

        r = options_parse_job(verb, entries, &options->job, argc, argv, &options->name);
        if (r <= 0)
                return r;
        r = options_seconds(verb, "grace", seconds, &options->grace);
        return r < 0 ? r : 1;
}

int stop_options_call(const StopOptions *options, Connection *connection, const char *object, const char *method,
        uint64_t margin, sd_bus_error *error) {
        return connection_call(connection, object, HELICOPTER_JOB_INTERFACE, method,
                options->grace + STOP_MARGIN + margin, NULL, error, "a{sv}", 1, "grace", "t", options->grace);
}
