/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "daemon/caller.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "helicopter/cleanup.h"
#include "helicopter/error.h"
#include "helicopter/process.h"

#ifndef SO_PEERPIDFD /* Linux 6.5; not in the headers of Debian 12 */
#define SO_PEERPIDFD 77
#endif

G_DEFINE_AUTOPTR_CLEANUP_FUNC(sd_bus_creds, sd_bus_creds_unref)

void caller_clear(Caller *caller) {
        close_fd(&caller->pidfd);
        g_clear_pointer(&caller->command, g_free);
        g_clear_pointer(&caller->executable, g_free);
}

/* On the private socket the connection is the sender, whatever the message has in its sender field. */
static bool came_over_bus(sd_bus_message *message) {
        return sd_bus_is_bus_client(sd_bus_message_get_bus(message)) > 0;
}

static int query_ids(sd_bus_message *message, pid_t *ret_pid, uid_t *ret_uid) {
        const uint64_t mask = SD_BUS_CREDS_PID | SD_BUS_CREDS_EUID;
        g_autoptr(sd_bus_creds) creds = NULL;
        int r;

        if (came_over_bus(message))
                r = sd_bus_query_sender_creds(message, mask, &creds);
        else
                r = sd_bus_get_owner_creds(sd_bus_message_get_bus(message), mask, &creds);
        if (r < 0)
                return r;
        r = sd_bus_creds_get_pid(creds, ret_pid);
        if (r < 0)
                return r;
        return sd_bus_creds_get_euid(creds, ret_uid);
}

/* The pidfd that the kernel keeps for the other end of a socket. -ENOPROTOOPT before Linux 6.5, -ESRCH when it has been
 * reaped. */
static int peer_pidfd(int socket_fd) {
        int pidfd;
        socklen_t size = sizeof pidfd;

        if (getsockopt(socket_fd, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &size) < 0)
                return -errno;
        return pidfd;
}

static int open_sender(sd_bus_message *message, pid_t pid) {
        int pidfd;

        if (!came_over_bus(message)) {
                pidfd = peer_pidfd(sd_bus_get_fd(sd_bus_message_get_bus(message)));
                if (pidfd != -ENOPROTOOPT)
                        return pidfd;
        }
        return process_open(pid);
}

static int hold_sender(sd_bus_message *message, Caller *caller) {
        pid_t pid;
        uid_t uid;
        int r;

        r = query_ids(message, &caller->pid, &caller->uid);
        if (r < 0)
                return r;
        caller->pidfd = open_sender(message, caller->pid);
        if (caller->pidfd < 0)
                return caller->pidfd;
        /* Still connected after the pidfd was opened: so it is of the sender, not of a later process with its pid. */
        r = query_ids(message, &pid, &uid);
        if (r < 0)
                return r;
        return pid == caller->pid && process_alive(caller->pidfd) ? 0 : -ESRCH;
}

int caller_query(sd_bus_message *message, Caller *caller, sd_bus_error *error) {
        g_autofree char *link = NULL;
        int r;

        r = hold_sender(message, caller);
        if (r < 0)
                return sd_bus_error_setf(
                        error, HELICOPTER_ERROR_TARGET_GONE, "The caller is gone: %s.", g_strerror(-r));
        if (caller->uid != geteuid())
                return sd_bus_error_setf(error, HELICOPTER_ERROR_NOT_PERMITTED,
                        "User %u may not use another user's daemon.", caller->uid);
        link = g_strdup_printf("/proc/%d/exe", caller->pid);
        caller->executable = g_file_read_link(link, NULL);
        caller->command = process_command(caller->pid);
        if (!caller->executable)
                caller->executable = g_strdup("");
        if (!caller->command)
                caller->command = g_strdup("");
        return 0;
}
