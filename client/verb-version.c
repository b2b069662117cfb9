/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* version: of this program, and of the daemon where one runs; none is started for that. */

#include <errno.h>
#include <stdlib.h>

#include "client/json.h"
#include "client/manager-property.h"
#include "client/options.h"
#include "client/report.h"
#include "config.h"

static int get(char **ret_version, sd_bus_error *error) {
        g_autoptr(Connection) connection = NULL;
        int r;

        r = connection_open_running(&connection);
        if (r == -ENOENT || r == -ECONNREFUSED)
                return 0; /* nobody listens */
        if (r < 0)
                return sd_bus_error_set_errno(error, r);
        return manager_property_version(connection, ret_version, error);
}

static void print_json(Json *json, const char *daemon) {
        json_begin_object(json, NULL);
        json_add_string(json, "client", HELICOPTER_VERSION);
        json_add_string(json, "daemon", daemon);
        json_end_object(json);
        json_print(json);
}

int verb_version(const Verb *verb, int argc, char **argv) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        g_autofree char *daemon = NULL;
        g_autoptr(Json) json = NULL;
        gboolean as_json = FALSE;
        const GOptionEntry entries[] = { OPTION_JSON(&as_json), { NULL } };
        int r;

        r = options_parse(verb, entries, &argc, &argv);
        if (r <= 0)
                return options_exit_code(r);
        if (argc > 1)
                return options_usage(verb, "Unexpected argument '%s'", argv[1]);
        r = as_json ? json_new(&json, &error) : 0;
        if (r < 0)
                return report_failure(&error, r);
        r = get(&daemon, &error);
        if (json)
                print_json(json, daemon);
        else
                printf("helicopter-client %s\nhelicopterd %s\n", HELICOPTER_VERSION, daemon ?: "(does not run)");
        return r < 0 ? report_failure(&error, r) : EXIT_SUCCESS;
}
