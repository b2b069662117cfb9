/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "daemon/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#include "daemon/bounds.h"
#include "daemon/peer.h"
#include "daemon/settle.h"
#include "helicopter/cleanup.h"
#include "helicopter/log.h"
#include "helicopter/private-socket.h"

#define ACCEPT_PAUSE G_USEC_PER_SEC

static int on_pause_end(sd_event_source *source, uint64_t usec, void *userdata) {
        Listener *listener = userdata;

        return listener_accept(listener);
}

/* Out of descriptors or memory. The connection stays in the queue and would be offered again at once, for ever. */
static int pause_accepting(Listener *listener) {
        int r;

        log_error("Cannot accept a connection: %m; the next try is in a second.");
        r = sd_event_source_set_enabled(listener->source, SD_EVENT_OFF);
        if (r < 0)
                return r;
        listener->pause = sd_event_source_disable_unref(listener->pause);
        return sd_event_add_time_relative(
                listener->manager->event, &listener->pause, CLOCK_MONOTONIC, ACCEPT_PAUSE, 0, on_pause_end, listener);
}

/* Takes the connection over. */
static void serve(Listener *listener, int connection) {
        int r = peer_add(listener->manager, connection);

        if (r == -EUSERS)
                log_warning("There are too many connections already; one more was refused.");
        else if (r == -EPERM)
                log_warning("A connection of another user, or of a foreign pid namespace, was refused.");
        else if (r < 0 && r != -ECONNRESET && r != -EPIPE) /* else it is gone already */
                log_error("Cannot serve a connection: %s.", g_strerror(-r));
}

static int on_connection(sd_event_source *source, int fd, uint32_t events, void *userdata) {
        Listener *listener = userdata;
        Manager *manager = listener->manager;
        int connection = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

        if (connection < 0) {
                /* Interrupted, or the other side has hung up again: the next one may be waiting. */
                if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)
                        return 0;
                return pause_accepting(listener);
        }
        if (listener->open || (manager->settle && settle_is_parent(manager->settle, connection)))
                serve(listener, connection);
        else if (listener->waiting->len >= PEERS_MAX)
                close(connection);
        else
                g_array_append_val(listener->waiting, connection);
        return 0;
}

static int passed_socket(void) {
        int count = sd_listen_fds(true);

        if (count < 0)
                return count;
        if (count == 0)
                return -ENOENT;
        if (count > 1 || sd_is_socket_unix(SD_LISTEN_FDS_START, SOCK_STREAM, 1, NULL, 0) <= 0)
                return -EINVAL;
        return SD_LISTEN_FDS_START;
}

static int own_socket(void) {
        g_autofree char *path = private_socket_path();
        int fd = private_socket_listen(path);

        if (fd == -EADDRINUSE)
                log_error("Another daemon serves %s already; this one ends. To replace it, end it first: jobs go on.",
                        path);
        else if (fd == -EPERM)
                log_error("Others may write to the folder of %s, or to the one above it; make them yours alone.", path);
        else if (fd < 0)
                log_error("Cannot listen on %s: %s; the folder must be there, and yours alone (XDG_RUNTIME_DIR).", path,
                        g_strerror(-fd));
        return fd;
}

static int watch(Listener *listener, int fd) {
        int r;

        /* A connection that was reset before accept() must not make it wait for the next. */
        if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
                return -errno;
        r = sd_event_add_io(listener->manager->event, &listener->source, fd, EPOLLIN, on_connection, listener);
        if (r < 0)
                return r;
        r = sd_event_source_set_enabled(listener->source, SD_EVENT_OFF);
        return r < 0 ? r : sd_event_source_set_io_fd_own(listener->source, true);
}

int listener_start(Listener *listener, Manager *manager) {
        autofd fd = passed_socket();
        int r;

        *listener = (Listener) { .manager = manager, .waiting = g_array_new(FALSE, FALSE, sizeof(int)) };
        if (fd == -ENOENT) {
                fd = own_socket();
                listener->own = fd >= 0;
        } else if (fd < 0) {
                log_error("The descriptors that were passed are not one listening socket: %s; helicopterd.socket has "
                          "one.",
                        g_strerror(-fd));
        }
        if (fd < 0)
                return fd;
        r = watch(listener, fd);
        if (r < 0) {
                log_error("The private socket cannot be watched: %s; this daemon ends, and one is started again when "
                          "it is needed.",
                        g_strerror(-r));
                return r;
        }
        (void) g_steal_fd(&fd);
        return 0;
}

int listener_accept(Listener *listener) {
        return sd_event_source_set_enabled(listener->source, SD_EVENT_ON);
}

void listener_open(Listener *listener) {
        listener->open = true;
        for (guint i = 0; i < listener->waiting->len; i++)
                serve(listener, g_array_index(listener->waiting, int, i));
        g_array_set_size(listener->waiting, 0);
}

static void drop_waiting(Listener *listener) {
        for (guint i = 0; listener->waiting && i < listener->waiting->len; i++)
                close_fd(&g_array_index(listener->waiting, int, i));
        g_clear_pointer(&listener->waiting, g_array_unref);
}

void listener_stop(Listener *listener) {
        g_autofree char *path = private_socket_path();

        /* While it is still listened on, nobody else can have put one of theirs in its place. */
        if (listener->own)
                unlink(path);
        listener->source = sd_event_source_disable_unref(listener->source);
        listener->pause = sd_event_source_disable_unref(listener->pause);
        drop_waiting(listener);
}
