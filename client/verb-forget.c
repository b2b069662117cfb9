/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* forget: drop a job that has ended from the list. */

#include <stdlib.h>

#include "client/connection.h"
#include "client/options.h"
#include "client/report.h"
#include "helicopter/bus-names.h"

int verb_forget(const Verb *verb, int argc, char **argv) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        g_autoptr(Connection) connection = NULL;
        g_autofree char *option = NULL;
        const GOptionEntry entries[] = { OPTION_JOB(&option), { NULL } };
        const char *name;
        int r;

        r = options_parse(verb, entries, &argc, &argv);
        if (r > 0)
                r = options_job_name(verb, option, argc, argv, &name) ?: 1;
        if (r <= 0)
                return options_exit_code(r);
        if (!name)
                return options_usage(verb, "No job was named");

        r = connection_open(&connection, &error);
        if (r >= 0)
                r = connection_call(connection, HELICOPTER_OBJECT, HELICOPTER_MANAGER_INTERFACE, "ForgetJob",
                        CALL_TIMEOUT, NULL, &error, "s", name);
        if (r < 0) {
                report_failure(&error, r);
                return EXIT_FAILURE;
        }
        return EXIT_SUCCESS;
}
