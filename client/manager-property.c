/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/manager-property.h"

#include "helicopter/bus-names.h"

int manager_property_version(Connection *connection, char **ret_version, sd_bus_error *error) {
        g_autoptr(sd_bus_message) reply = NULL;
        const char *version;
        int r;

        r = connection_call(connection, HELICOPTER_OBJECT, "org.freedesktop.DBus.Properties", "Get", CALL_TIMEOUT,
                &reply, error, "ss", HELICOPTER_MANAGER_INTERFACE, "Version");
        if (r < 0)
                return r;
        r = sd_bus_message_read(reply, "v", "s", &version);
        if (r < 0)
                return sd_bus_error_set_errno(error, r);
        *ret_version = g_strdup(version);
        return 0;
}
