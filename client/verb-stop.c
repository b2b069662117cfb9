/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* stop: end a job, first politely. */

#include <stdlib.h>

#include "client/job-info.h"
#include "client/job-lookup.h"
#include "client/report.h"
#include "client/stop-options.h"

static void report_end(Connection *connection, const char *object) {
        g_autoptr(JobInfo) job = NULL;
        g_autofree char *outcome = NULL;

        if (job_info_get(connection, object, &job, NULL) < 0)
                return;
        outcome = job_info_outcome(job);
        report_note("job %s %s", job->name, outcome);
}

static int find_and_stop(const StopOptions *options, sd_bus_error *error) {
        g_autoptr(Connection) connection = NULL;
        g_autofree char *object = NULL;
        int r;

        r = job_lookup_open(options->name, &connection, &object, error);
        if (r < 0)
                return r;
        r = stop_options_call(options, connection, object, "Stop", 0, error);
        if (r < 0)
                return r;
        report_end(connection, object);
        return 0;
}

int verb_stop(const Verb *verb, int argc, char **argv) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        g_auto(StopOptions) options = {};
        int r;

        r = stop_options_parse(verb, &options, argc, argv);
        if (r <= 0)
                return options_exit_code(r);
        r = find_and_stop(&options, &error);
        return r < 0 ? report_failure(&error, r) : EXIT_SUCCESS;
}
