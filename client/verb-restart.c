/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* restart: end a job and start it again, with what it was started with. */

#include <stdio.h>
#include <stdlib.h>

#include "client/job-lookup.h"
#include "client/start-failure.h"
#include "client/stop-options.h"
#include "helicopter/bus-names.h"

/* What starting may take. */
#define START_MARGIN (90 * G_USEC_PER_SEC)

static int restart(Connection *connection, const char *object, const StopOptions *options, sd_bus_error *error) {
        g_autoptr(sd_bus_message) call = NULL;
        int r;

        r = connection_prepare(connection, object, HELICOPTER_JOB_INTERFACE, "Restart", &call);
        if (r >= 0)
                r = stop_options_append(options, call);
        if (r < 0)
                return sd_bus_error_set_errno(error, r);
        return connection_send(connection, call, options->grace + STOP_MARGIN + START_MARGIN, NULL, error);
}

int verb_restart(const Verb *verb, int argc, char **argv) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        g_autoptr(Connection) connection = NULL;
        g_autofree char *object = NULL, *name = NULL;
        g_auto(StopOptions) options = {};
        int r;

        r = stop_options_parse(verb, &options, argc, argv);
        if (r <= 0)
                return options_exit_code(r);
        r = job_lookup_open(options.name, &connection, &object, &error);
        if (r >= 0)
                r = restart(connection, object, &options, &error);
        if (r < 0)
                return start_failure(&error, r, EXIT_FAILURE);
        name = job_lookup_name(object);
        printf("%s\n", name);
        return EXIT_SUCCESS;
}
