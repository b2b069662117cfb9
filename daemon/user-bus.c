/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "daemon/user-bus.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <systemd/sd-login.h>
#include <time.h>

#include "daemon/manager-bus.h"
#include "helicopter/bus-names.h"
#include "helicopter/cleanup.h"
#include "helicopter/log.h"
#include "helicopter/user-bus-address.h"

/* For calls to the bus itself: it answers at once or not at all. */
#define BUS_TIMEOUT (10 * G_USEC_PER_SEC)

struct UserBus {
        Manager *manager;
        UserBusSettled settled; /* NULL: it is not to be called yet, or was called */
        bool is_joined;         /* it was called */
        bool is_lost;
        void *userdata;
        sd_event_source *deadline;
};

static void settle(UserBus *bus) {
        UserBusSettled settled = bus->settled;

        bus->deadline = sd_event_source_disable_unref(bus->deadline);
        bus->settled = NULL;
        bus->is_joined = true;
        if (settled)
                settled(bus->userdata);
}

static int on_deadline(sd_event_source *source, uint64_t usec, void *userdata) {
        UserBus *bus = userdata;

        log_warning("The user bus does not answer; only the private socket is served.");
        sd_bus_close(bus->manager->user_bus);
        bus->is_lost = true;
        settle(bus);
        return 0;
}

static int on_name(sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        UserBus *bus = userdata;
        uint32_t result;

        if (sd_bus_message_is_method_error(reply, NULL)) {
                log_warning(
                        "The name %s cannot be had: %s", HELICOPTER_BUS_NAME, sd_bus_message_get_error(reply)->message);
        } else if (sd_bus_message_read(reply, "u", &result) < 0 ||
                result != 1 /* DBUS_REQUEST_NAME_REPLY_PRIMARY_OWNER */) {
                log_error("Another daemon has the name %s on the user bus; this one ends. To replace it, end it first: "
                          "jobs go on.",
                        HELICOPTER_BUS_NAME);
                return sd_event_exit(bus->manager->event, EXIT_FAILURE);
        }
        settle(bus);
        return 0;
}

static bool is_unit(void) {
        char *unit = NULL;
        int r = sd_pid_get_user_unit(0, &unit);

        free(unit);
        return r >= 0;
}

/*
 * Once the bus was there, jobs are the service manager's: without the bus they would be started outside of it, and the
 * name could not be had again. The service manager starts the daemon anew, and the jobs come back to it.
 */
static int on_disconnected(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        UserBus *bus = userdata;

        if (bus->is_joined && is_unit()) {
                log_error("The user bus is gone; the daemon ends, to be started again.");
                return sd_event_exit(bus->manager->event, EXIT_FAILURE);
        }
        log_warning("The user bus is gone; the private socket is still served.");
        bus->is_lost = true;
        if (bus->settled)
                settle(bus);
        return 0;
}

static int set_up(sd_bus *connection, const char *address, Manager *manager) {
        int r;

        r = sd_bus_set_address(connection, address);
        if (r < 0)
                return r;
        r = sd_bus_set_bus_client(connection, true);
        if (r < 0)
                return r;
        r = sd_bus_set_close_on_exit(connection, false);
        if (r < 0)
                return r;
        r = sd_bus_negotiate_fds(connection, true);
        if (r < 0)
                return r;
        r = sd_bus_set_method_call_timeout(connection, BUS_TIMEOUT);
        if (r < 0)
                return r;
        r = sd_bus_attach_event(connection, manager->event, SD_EVENT_PRIORITY_NORMAL);
        if (r < 0)
                return r;
        return manager_export(manager, connection);
}

static int start(UserBus *bus, sd_bus *connection) {
        int r;

        r = sd_bus_start(connection);
        if (r < 0)
                return r;
        return sd_bus_match_signal_async(connection, NULL, NULL, "/org/freedesktop/DBus/Local",
                "org.freedesktop.DBus.Local", "Disconnected", on_disconnected, NULL, bus);
}

static int open_bus(UserBus *bus, const char *address) {
        g_autoptr(sd_bus) connection = NULL;
        int r;

        r = sd_bus_new(&connection);
        if (r < 0)
                return r;
        r = set_up(connection, address, bus->manager);
        if (r < 0)
                return r;
        r = start(bus, connection);
        if (r < 0)
                return r;
        bus->manager->user_bus = g_steal_pointer(&connection);
        return 0;
}

int user_bus_new(Manager *manager, UserBus **ret_bus) {
        g_autofree char *address = user_bus_address();
        UserBus *bus = g_new(UserBus, 1);
        int r;

        *bus = (UserBus) { .manager = manager };
        *ret_bus = bus;
        r = open_bus(bus, address);
        if (r < 0) {
                log_info(
                        "There is no user bus at %s (%s); only the private socket is served.", address, g_strerror(-r));
                bus->is_lost = true;
        }
        return r == -ENOMEM ? r : 0;
}

int user_bus_take_name(UserBus *bus, UserBusSettled settled, void *userdata) {
        int r;

        bus->settled = settled;
        bus->userdata = userdata;
        if (bus->is_lost) {
                settle(bus);
                return 0;
        }
        r = sd_bus_request_name_async(bus->manager->user_bus, NULL, HELICOPTER_BUS_NAME, 0, on_name, bus);
        if (r < 0)
                return r;
        return sd_event_add_time_relative(
                bus->manager->event, &bus->deadline, CLOCK_MONOTONIC, BUS_TIMEOUT, 0, on_deadline, bus);
}

UserBus *user_bus_free(UserBus *bus) {
        if (!bus)
                return NULL;
        sd_event_source_disable_unref(bus->deadline);
        g_free(bus);
        return NULL;
}
