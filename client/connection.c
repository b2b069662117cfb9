/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/connection.h"

#include <stdarg.h>
#include <string.h>

#include "client/client-error.h"
#include "client/daemon-start.h"
#include "helicopter/bus-names.h"
#include "helicopter/private-socket.h"
#include "helicopter/user-bus-address.h"

/* A daemon that is activated through its socket has to be started first. */
#define HANDSHAKE_TIMEOUT (10 * G_USEC_PER_SEC)

/* The message bus's own is longer. */
#define ACTIVATION_TIMEOUT (20 * G_USEC_PER_SEC)

#define BUS_OBJECT "/org/freedesktop/DBus"
#define BUS_INTERFACE "org.freedesktop.DBus"

/* sd-bus takes any call for wait-until-ready, but by a deadline of its own; so make it ready before. */
static int wait_until_ready(sd_bus *bus) {
        uint64_t deadline = (uint64_t) g_get_monotonic_time() + HANDSHAKE_TIMEOUT;

        for (;;) {
                uint64_t now = (uint64_t) g_get_monotonic_time();
                int r = sd_bus_process(bus, NULL);

                if (r < 0)
                        return r;
                if (sd_bus_is_ready(bus) > 0)
                        return 0;
                if (sd_bus_is_open(bus) <= 0)
                        return -ECONNRESET;
                if (now >= deadline)
                        return -ETIMEDOUT;
                if (r == 0) {
                        r = sd_bus_wait(bus, deadline - now);
                        if (r < 0 && r != -EINTR)
                                return r;
                }
        }
}

static int start_bus(sd_bus *bus) {
        int r;

        r = sd_bus_set_description(bus, "helicopter-client");
        if (r < 0)
                return r;
        r = sd_bus_set_method_call_timeout(bus, CALL_TIMEOUT);
        if (r < 0)
                return r;
        r = sd_bus_start(bus);
        return r < 0 ? r : wait_until_ready(bus);
}

static int open_private(sd_bus **ret_bus) {
        g_autofree char *path = private_socket_path();
        g_autoptr(sd_bus) bus = NULL;
        autofd fd = private_socket_connect(path);
        int r;

        if (fd < 0)
                return fd;
        r = sd_bus_new(&bus);
        if (r < 0)
                return r;
        r = sd_bus_set_fd(bus, fd, fd);
        if (r < 0)
                return r;
        g_steal_fd(&fd);
        r = start_bus(bus);
        if (r < 0)
                return r;
        *ret_bus = g_steal_pointer(&bus);
        return 0;
}

static int open_bus(sd_bus **ret_bus) {
        g_autofree char *address = user_bus_address();
        g_autoptr(sd_bus) bus = NULL;
        int r;

        r = sd_bus_new(&bus);
        if (r < 0)
                return r;
        r = sd_bus_set_address(bus, address);
        if (r < 0)
                return r;
        r = sd_bus_set_bus_client(bus, true);
        if (r < 0)
                return r;
        r = start_bus(bus);
        if (r < 0)
                return r;
        *ret_bus = g_steal_pointer(&bus);
        return 0;
}

/* Have the bus start the daemon unless it runs. */
static int activate(sd_bus *bus) {
        g_autoptr(sd_bus_message) call = NULL;
        int r;

        r = sd_bus_message_new_method_call(bus, &call, BUS_INTERFACE, BUS_OBJECT, BUS_INTERFACE, "StartServiceByName");
        if (r < 0)
                return r;
        r = sd_bus_message_append(call, "su", HELICOPTER_BUS_NAME, 0);
        if (r < 0)
                return r;
        return sd_bus_call(bus, call, ACTIVATION_TIMEOUT, NULL, NULL);
}

static Connection *connection_new(sd_bus *bus, const char *destination) {
        Connection *connection = g_new0(Connection, 1);

        connection->bus = bus;
        connection->destination = destination;
        return connection;
}

static int open_over_bus(Connection **ret_connection) {
        g_autoptr(sd_bus) bus = NULL;
        int r;

        r = open_bus(&bus);
        if (r < 0)
                return r;
        r = activate(bus);
        if (r < 0)
                return r;
        *ret_connection = connection_new(g_steal_pointer(&bus), HELICOPTER_BUS_NAME);
        return 0;
}

static int private_failure(sd_bus_error *error, int r) {
        g_autofree char *path = private_socket_path();

        switch (-r) {
        case EACCES:
                return client_error_set(error, CLIENT_ERROR_NOT_OURS, -r, "The daemon's socket %s is not yours", path);
        case EPERM:
                return client_error_set(error, CLIENT_ERROR_NOT_OURS, -r, "Another user's process listens on %s", path);
        case ETIMEDOUT:
        case EAGAIN:
                return client_error_set(
                        error, CLIENT_ERROR_SILENT, ETIMEDOUT, "The daemon does not answer on %s", path);
        default:
                return client_error_set(
                        error, CLIENT_ERROR_LOST, -r, "Cannot connect to the daemon on %s: %s", path, g_strerror(-r));
        }
}

static int open_by_starting(Connection **ret_connection, sd_bus_error *error) {
        g_autofree char *path = private_socket_path();
        g_autofree char *log = daemon_log_path();
        g_autoptr(sd_bus) bus = NULL;
        int r;

        r = daemon_start(path, error);
        if (r < 0)
                return r;
        r = open_private(&bus);
        if (r == -ECONNRESET || r == -ECONNREFUSED || r == -EPIPE)
                return client_error_set(error, CLIENT_ERROR_NO_DAEMON, -r,
                        "The daemon ended as soon as it was started; %s may say why", log);
        if (r < 0)
                return private_failure(error, r);
        *ret_connection = connection_new(g_steal_pointer(&bus), NULL);
        return 0;
}

int connection_open_running(Connection **ret_connection) {
        g_autoptr(sd_bus) bus = NULL;
        int r;

        r = open_private(&bus);
        if (r < 0)
                return r;
        *ret_connection = connection_new(g_steal_pointer(&bus), NULL);
        return 0;
}

int connection_open(Connection **ret_connection, sd_bus_error *error) {
        g_autoptr(sd_bus) bus = NULL;
        int r;

        r = open_private(&bus);
        if (r == -ECONNRESET || r == -EPIPE) /* it has ended as it was connected to; its successor may be there */
                r = open_private(&bus);
        if (r >= 0) {
                *ret_connection = connection_new(g_steal_pointer(&bus), NULL);
                return 0;
        }
        if (r != -ENOENT && r != -ECONNREFUSED)
                return private_failure(error, r);
        if (open_over_bus(ret_connection) >= 0)
                return 0;
        return open_by_starting(ret_connection, error);
}

Connection *connection_free(Connection *connection) {
        if (!connection)
                return NULL;
        sd_bus_close_unref(connection->bus);
        g_free(connection);
        return NULL;
}

int connection_prepare(Connection *connection, const char *object, const char *interface, const char *method,
        sd_bus_message **ret_call) {
        return sd_bus_message_new_method_call(
                connection->bus, ret_call, connection->destination, object, interface, method);
}

int connection_send(Connection *connection, sd_bus_message *call, uint64_t timeout, sd_bus_message **ret_reply,
        sd_bus_error *error) {
        int r;

        r = sd_bus_call(connection->bus, call, timeout, error, ret_reply);
        if (r >= 0)
                return 0;
        if (!sd_bus_error_is_set(error))
                sd_bus_error_set_errno(error, r);
        return client_error_translate(error, r);
}

int connection_call(Connection *connection, const char *object, const char *interface, const char *method,
        uint64_t timeout, sd_bus_message **ret_reply, sd_bus_error *error, const char *types, ...) {
        g_autoptr(sd_bus_message) call = NULL;
        va_list arguments;
        int r;

        r = connection_prepare(connection, object, interface, method, &call);
        if (r >= 0) {
                va_start(arguments, types);
                r = sd_bus_message_appendv(call, types, arguments);
                va_end(arguments);
        }
        if (r < 0)
                return client_error_translate(error, sd_bus_error_set_errno(error, r));
        return connection_send(connection, call, timeout, ret_reply, error);
}

int connection_subscribe(Connection *connection, const char *object, const char *interface, const char *signal,
        sd_bus_message_handler_t handler, void *userdata, sd_bus_slot **ret_slot) {
        return sd_bus_match_signal(
                connection->bus, ret_slot, connection->destination, object, interface, signal, handler, userdata);
}

int connection_wait(Connection *connection, uint64_t deadline) {
        for (;;) {
                uint64_t now = (uint64_t) g_get_monotonic_time();
                int r = sd_bus_process(connection->bus, NULL);

                if (r < 0)
                        return r;
                if (r > 0)
                        return sd_bus_is_open(connection->bus) > 0 ? 0 : -ECONNRESET;
                if (now >= deadline)
                        return -ETIMEDOUT;
                r = sd_bus_wait(connection->bus, deadline == UINT64_MAX ? UINT64_MAX : deadline - now);
                if (r < 0 && r != -EINTR)
                        return r;
        }
}
