/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* restart: end a job and start it again, with what it was started with. */

#include <stdio.h>
#include <stdlib.h>

#include "client/job-lookup.h"
#include "client/start-failure.h"
#include "client/stop-options.h"

/* What starting may take. */
#define START_MARGIN (90 * G_USEC_PER_SEC)

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
                r = stop_options_call(&options, connection, object, "Restart", START_MARGIN, &error);
        if (r < 0)
                return start_failure(&error, r, EXIT_FAILURE);
        name = job_lookup_name(object);
        printf("%s\n", name);
        return EXIT_SUCCESS;
}
