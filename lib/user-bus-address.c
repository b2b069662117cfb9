/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "helicopter/user-bus-address.h"

#include <glib.h>
#include <string.h>
#include <unistd.h>

/* A path as a value in a bus address: the D-Bus specification, "Server Addresses". Owned by the caller. */
static char *escape_for_address(const char *path) {
        GString *escaped = g_string_new(NULL);

        for (; *path; path++)
                if (g_ascii_isalnum(*path) || strchr("-_/.\\*", *path))
                        g_string_append_c(escaped, *path);
                else
                        g_string_append_printf(escaped, "%%%02x", (unsigned char) *path);
        return g_string_free(escaped, FALSE);
}

char *user_bus_address(void) {
        const char *address = g_getenv("DBUS_SESSION_BUS_ADDRESS"), *folder = g_getenv("XDG_RUNTIME_DIR");
        g_autofree char *fallback = g_strdup_printf("/run/user/%u", geteuid());
        g_autofree char *path = NULL, *escaped = NULL;

        if (address && *address)
                return g_strdup(address);
        path = g_build_filename(folder && g_path_is_absolute(folder) ? folder : fallback, "bus", NULL);
        escaped = escape_for_address(path);
        return g_strconcat("unix:path=", escaped, NULL);
}
