/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* terminate: stop all jobs, then the daemon. */

#include <stdlib.h>

#include "client/connection.h"
#include "client/options.h"
#include "client/report.h"
#include "helicopter/bus-names.h"

/* Jobs get a grace period each, side by side. */
#define TERMINATE_TIMEOUT (60 * G_USEC_PER_SEC)

int verb_terminate(const Verb *verb, int argc, char **argv) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        g_autoptr(Connection) connection = NULL;
        int r;

        r = options_parse(verb, NULL, &argc, &argv);
        if (r <= 0)
                return options_exit_code(r);
        if (argc > 1)
                return options_usage(
                        verb, "It stops all jobs, and takes no name; 'helicopter-client stop %s' stops one", argv[1]);

        r = connection_open(&connection, &error);
        if (r >= 0)
                r = connection_call(connection, HELICOPTER_OBJECT, HELICOPTER_MANAGER_INTERFACE, "Terminate",
                        TERMINATE_TIMEOUT, NULL, &error, "");
        if (r < 0)
                return report_failure(&error, r);
        report_note("All jobs and the daemon have ended");
        return EXIT_SUCCESS;
}
