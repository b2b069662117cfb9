/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* forget: drop a job that has ended from the list. */

#include <stdlib.h>

#include "client/job-lookup.h"
#include "client/options.h"
#include "client/report.h"
#include "helicopter/bus-names.h"

static int forget(const char *typed, sd_bus_error *error) {
        g_autoptr(Connection) connection = NULL;
        g_autofree char *object = NULL, *name = NULL;
        int r;

        r = job_lookup_open(typed, &connection, &object, error);
        if (r < 0)
                return r;
        name = job_lookup_name(object);
        return connection_call(connection, HELICOPTER_OBJECT, HELICOPTER_MANAGER_INTERFACE, "ForgetJob", CALL_TIMEOUT,
                NULL, error, "s", name);
}

int verb_forget(const Verb *verb, int argc, char **argv) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        g_autofree char *option = NULL;
        const GOptionEntry entries[] = { OPTION_JOB(&option), { NULL } };
        const char *name;
        int r;

        r = options_parse_job(verb, entries, &option, argc, argv, &name);
        if (r <= 0)
                return options_exit_code(r);
        if (!name)
                return options_usage(verb, "No job was named");

        r = forget(name, &error);
        return r < 0 ? report_failure(&error, r) : EXIT_SUCCESS;
}
