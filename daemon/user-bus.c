/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "daemon/user-bus.h"

#include <errno.h>

#include "daemon/manager-bus.h"
#include "helicopter/bus-names.h"
#include "helicopter/cleanup.h"
#include "helicopter/log.h"

/* For calls to the bus itself: it answers at once or not at all. */
#define BUS_TIMEOUT (10 * G_USEC_PER_SEC)

static void (*on_settled)(void);

static void settle(void) {
        if (on_settled)
                on_settled();
        on_settled = NULL;
}

static char *bus_address(void) {
        const char *address = g_getenv("DBUS_SESSION_BUS_ADDRESS");
        const char *runtime = g_getenv("XDG_RUNTIME_DIR");
        g_autofree char *folder = NULL;
        g_autofree char *path = NULL;
        g_autofree char *escaped = NULL;

        if (address)
                return g_strdup(address);
        folder = runtime ? g_strdup(runtime) : g_strdup_printf("/run/user/%u", getuid());
        path = g_build_filename(folder, "bus", NULL);
        if (access(path, F_OK) < 0)
                return NULL;
        escaped = g_uri_escape_string(path, "/", FALSE); /* D-Bus addresses are escaped as URIs are */
        return g_strconcat("unix:path=", escaped, NULL);
}

static int on_name(sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        Manager *manager = userdata;
        uint32_t result;

        if (sd_bus_message_is_method_error(reply, NULL)) {
                log_warning("The name %s cannot be had: %s", HELICOPTER_BUS_NAME, sd_bus_message_get_error(reply)->message);
        } else if (sd_bus_message_read(reply, "u", &result) < 0 || result != 1 /* DBUS_REQUEST_NAME_REPLY_PRIMARY_OWNER */) {
                log_error("Another daemon has the name %s on the user bus; this one ends.", HELICOPTER_BUS_NAME);
                return sd_event_exit(manager->event, EXIT_FAILURE);
        }
        settle();
        return 0;
}

static int on_disconnected(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        log_warning("The user bus is gone; the private socket is still served.");
        settle();
        return 0;
}

static int set_up(sd_bus *bus, const char *address, Manager *manager) {
        int r;

        r = sd_bus_set_address(bus, address);
        if (r < 0)
                return r;
        r = sd_bus_set_bus_client(bus, true);
        if (r < 0)
                return r;
        r = sd_bus_negotiate_fds(bus, true);
        if (r < 0)
                return r;
        r = sd_bus_set_method_call_timeout(bus, BUS_TIMEOUT);
        if (r < 0)
                return r;
        r = sd_bus_attach_event(bus, manager->event, SD_EVENT_PRIORITY_NORMAL);
        if (r < 0)
                return r;
        return manager_export(manager, bus);
}

static int start(sd_bus *bus, Manager *manager) {
        int r;

        r = sd_bus_start(bus);
        if (r < 0)
                return r;
        r = sd_bus_match_signal_async(bus, NULL, NULL, "/org/freedesktop/DBus/Local", "org.freedesktop.DBus.Local",
                "Disconnected", on_disconnected, NULL, manager);
        if (r < 0)
                return r;
        return sd_bus_request_name_async(bus, NULL, HELICOPTER_BUS_NAME, 0, on_name, manager);
}

int user_bus_start(Manager *manager, void (*settled)(void)) {
        g_autofree char *address = bus_address();
        sd_bus *bus = NULL;
        int r;

        on_settled = settled;
        if (!address) {
                log_info("There is no user bus; only the private socket is served.");
                settle();
                return 0;
        }
        r = sd_bus_new(&bus);
        if (r < 0)
                return r;
        r = set_up(bus, address, manager);
        if (r >= 0)
                r = start(bus, manager);
        if (r < 0) {
                log_warning("The user bus at %s cannot be used: %s; only the private socket is served.", address,
                        g_strerror(-r));
                sd_bus_close_unref(bus);
                settle();
                return r == -ENOMEM ? r : 0;
        }
        manager->user_bus = bus;
        return 0;
}
