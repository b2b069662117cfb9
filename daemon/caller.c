/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "daemon/caller.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "helicopter/bus-container.h"
#include "helicopter/cleanup.h"
#include "helicopter/error.h"
#include "helicopter/process.h"

#ifndef SO_PEERPIDFD /* Linux 6.5; not in the headers of Debian 12 */
#define SO_PEERPIDFD 77
#endif

/* What the kernel knows of the other end of a connection: of the process that made it. */
typedef struct Origin {
        uint32_t
                pid; /* 0: not known; by the kernel in a namespace that cannot be seen from here, by the bus ended, too */
        uint32_t uid;
        int pidfd; /* -1: it is not told */
} Origin;

static void origin_clear(Origin *origin) {
        close_fd(&origin->pidfd);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Origin, origin_clear)

void caller_clear(Caller *caller) {
        close_fd(&caller->pidfd);
        g_clear_pointer(&caller->command, g_free);
        g_clear_pointer(&caller->executable, g_free);
}

/* The pidfd is told since Linux 6.5. It is of the process that connected, also when that one has ended since and its
 * pid is another's now; before Linux 6.16 there is none then (-ESRCH or -EINVAL). */
static int query_socket(int socket_fd, Origin *ret_origin) {
        struct ucred credentials;
        socklen_t size = sizeof credentials;
        int pidfd = -1;

        if (getsockopt(socket_fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) < 0)
                return -errno;
        size = sizeof pidfd;
        if (getsockopt(socket_fd, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &size) < 0 && errno != ENOPROTOOPT)
                return errno == EINVAL || errno == ENODATA ? -ESRCH : -errno;
        *ret_origin = (Origin) { .pid = (uint32_t) credentials.pid, .uid = credentials.uid, .pidfd = pidfd };
        return 0;
}

/* One entry of what GetConnectionCredentials replies. */
static int read_credential(const char *name, sd_bus_message *reply, void *userdata) {
        Origin *origin = userdata;
        int r, fd;

        if (g_str_equal(name, "ProcessID"))
                return sd_bus_message_read(reply, "v", "u", &origin->pid);
        if (g_str_equal(name, "UnixUserID"))
                return sd_bus_message_read(reply, "v", "u", &origin->uid);
        if (!g_str_equal(name, "ProcessFD"))
                return 0;
        r = sd_bus_message_read(reply, "v", "h", &fd);
        if (r < 0)
                return r;
        close_fd(&origin->pidfd);
        origin->pidfd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        return origin->pidfd < 0 ? -errno : 1;
}

static int read_credentials(sd_bus_message *reply, Origin *ret_origin) {
        g_auto(Origin) origin = { .uid = UINT32_MAX, .pidfd = -1 };
        int r = bus_dict_read(reply, read_credential, &origin);

        if (r < 0)
                return r;
        *ret_origin = origin;
        origin.pidfd = -1;
        return 0;
}

/* The bus tells the pidfd since dbus-daemon 1.15.8 and dbus-broker 34. Not by sd-bus, whose creds have it since 256 only.
 */
static int query_bus(sd_bus_message *message, Origin *ret_origin) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        g_autoptr(sd_bus_message) reply = NULL;
        int r;

        r = sd_bus_call_method(sd_bus_message_get_bus(message), "org.freedesktop.DBus", "/org/freedesktop/DBus",
                "org.freedesktop.DBus", "GetConnectionCredentials", &error, &reply, "s",
                sd_bus_message_get_sender(message));
        return r < 0 ? r : read_credentials(reply, ret_origin);
}

/* On the private socket the connection is the sender, whatever the message has in its sender field. */
static int query_origin(sd_bus_message *message, Origin *ret_origin) {
        sd_bus *bus = sd_bus_message_get_bus(message);

        if (sd_bus_is_bus_client(bus) > 0)
                return query_bus(message, ret_origin);
        return query_socket(sd_bus_get_fd(bus), ret_origin);
}

/* Still connected after the pidfd was opened: so it is of the sender, and not of a later process with its pid. */
static int open_sender(sd_bus_message *message, Origin *origin) {
        g_auto(Origin) again = { .pidfd = -1 };
        int r;

        if (origin->pidfd < 0) {
                origin->pidfd = process_open((pid_t) origin->pid);
                if (origin->pidfd < 0)
                        return origin->pidfd;
                r = query_origin(message, &again);
                if (r < 0)
                        return r;
                if (again.pid != origin->pid)
                        return -ESRCH;
        }
        return process_alive(origin->pidfd) ? 0 : -ESRCH;
}

static int hold_sender(sd_bus_message *message, Caller *caller, sd_bus_error *error) {
        g_auto(Origin) origin = { .pidfd = -1 };
        int r;

        r = query_origin(message, &origin);
        if (r >= 0 && (origin.pid == 0 || origin.pid > G_MAXINT32))
                return sd_bus_error_set(error, HELICOPTER_ERROR_NOT_PERMITTED,
                        "It cannot be told which process calls: it has ended, or is in a pid namespace that the daemon "
                        "cannot see into.");
        if (r >= 0)
                r = open_sender(message, &origin);
        if (r < 0)
                return sd_bus_error_setf(
                        error, HELICOPTER_ERROR_TARGET_GONE, "The caller is gone: %s.", g_strerror(-r));
        caller->pid = (pid_t) origin.pid;
        caller->uid = origin.uid;
        caller->pidfd = g_steal_fd(&origin.pidfd);
        return 0;
}

/* The connection's credentials are those of its beginning: meanwhile the process may have executed a setuid program. */
static int check_users(const Caller *caller, sd_bus_error *error) {
        uid_t real, effective;
        int r;

        if (caller->uid != geteuid())
                return sd_bus_error_setf(error, HELICOPTER_ERROR_NOT_PERMITTED,
                        "User %u may not use another user's daemon.", caller->uid);
        r = process_users(caller->pid, &real, &effective);
        if (r < 0 || !process_alive(caller->pidfd))
                return sd_bus_error_set(error, HELICOPTER_ERROR_TARGET_GONE, "The caller is gone.");
        if (real != caller->uid || effective != caller->uid)
                return sd_bus_error_setf(error, HELICOPTER_ERROR_NOT_PERMITTED,
                        "Process %d runs as another user since it connected.", caller->pid);
        return 0;
}

int caller_query(sd_bus_message *message, Caller *caller, sd_bus_error *error) {
        g_autofree char *link = NULL;
        int r;

        r = hold_sender(message, caller, error);
        if (r < 0)
                return r;
        link = g_strdup_printf("/proc/%d/exe", caller->pid);
        caller->executable = g_file_read_link(link, NULL);
        caller->command = process_command(caller->pid);
        if (!caller->executable)
                caller->executable = g_strdup("");
        if (!caller->command)
                caller->command = g_strdup("");
        return check_users(caller, error);
}
