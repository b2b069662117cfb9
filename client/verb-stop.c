/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* stop: end a job, first politely. */

#include <stdlib.h>

#include "client/connection.h"
#include "client/job-info.h"
#include "client/job-lookup.h"
#include "client/options.h"
#include "client/report.h"
#include "helicopter/bus-names.h"

#define DEFAULT_GRACE 10.0
#define STOP_MARGIN (15 * G_USEC_PER_SEC)

static int stop(Connection *connection, const char *object, uint64_t grace, sd_bus_error *error) {
        g_autoptr(sd_bus_message) call = NULL;
        int r;

        r = connection_prepare(connection, object, HELICOPTER_JOB_INTERFACE, "Stop", &call);
        if (r >= 0)
                r = sd_bus_message_append(call, "a{sv}", 1, "grace", "t", grace);
        if (r < 0)
                return sd_bus_error_set_errno(error, r);
        return connection_send(connection, call, grace + STOP_MARGIN, NULL, error);
}

static void report_end(Connection *connection, const char *object) {
        g_autoptr(JobInfo) job = NULL;
        g_autofree char *outcome = NULL;

        if (job_info_get(connection, object, &job, NULL) < 0)
                return;
        outcome = job_info_outcome(job);
        report_note("job %s %s", job->name, outcome);
}

static int find_and_stop(const char *name, uint64_t grace, sd_bus_error *error) {
        g_autoptr(Connection) connection = NULL;
        g_autofree char *object = NULL;
        int r;

        r = job_lookup_open(name, &connection, &object, error);
        if (r < 0)
                return r;
        r = stop(connection, object, grace, error);
        if (r < 0)
                return r;
        report_end(connection, object);
        return 0;
}

static int parse(const Verb *verb, char **option, uint64_t *grace, int argc, char **argv, const char **ret_name) {
        double seconds = DEFAULT_GRACE;
        const GOptionEntry entries[] = {
                OPTION_JOB(option),
                { "grace", 'g', 0, G_OPTION_ARG_DOUBLE, &seconds, "Seconds between SIGTERM and SIGKILL (default: 10)",
                        "S" },
                { "timeout", 't', G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_DOUBLE, &seconds, NULL, NULL }, /* docker's */
                { NULL },
        };
        int r;

        r = options_parse_job(verb, entries, option, argc, argv, ret_name);
        if (r <= 0)
                return r;
        r = options_seconds(verb, "grace", seconds, grace);
        return r < 0 ? r : 1;
}

int verb_stop(const Verb *verb, int argc, char **argv) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        g_autofree char *option = NULL;
        const char *name;
        uint64_t grace;
        int r;

        r = parse(verb, &option, &grace, argc, argv, &name);
        if (r <= 0)
                return options_exit_code(r);
        r = find_and_stop(name, grace, &error);
        if (r < 0) {
                report_failure(&error, r);
                return EXIT_FAILURE;
        }
        return EXIT_SUCCESS;
}
