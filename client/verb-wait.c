/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* wait: for a job's end, to exit as it does. */

#include "client/job-lookup.h"
#include "client/job-wait.h"
#include "client/options.h"
#include "client/report.h"
#include "helicopter/exit-code.h"

static int find_and_wait(const char *name, JobInfo **ret_job, sd_bus_error *error) {
        g_autoptr(Connection) connection = NULL;
        g_autofree char *object = NULL;
        int r;

        r = job_lookup_open(name, &connection, &object, error);
        return r < 0 ? r : job_wait_end(connection, object, ret_job, error);
}

int verb_wait(const Verb *verb, int argc, char **argv) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        g_autoptr(JobInfo) job = NULL;
        g_autofree char *option = NULL;
        const GOptionEntry entries[] = { OPTION_JOB(&option), { NULL } };
        const char *name;
        int r;

        r = options_parse_job(verb, entries, &option, argc, argv, &name);
        if (r <= 0)
                return options_exit_code(r);
        r = find_and_wait(name, &job, &error);
        if (r < 0) {
                report_failure(&error, r);
                return EXIT_OWN_FAILURE;
        }
        return job_wait_exit_code(job);
}
