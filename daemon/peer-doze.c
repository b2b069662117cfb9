/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "daemon/peer-doze.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>

#include "daemon/bounds.h"
#include "daemon/file-limit.h"
#include "daemon/peer.h"
#include "helicopter/cleanup.h"
#include "helicopter/log.h"

void peer_doze_clear(PeerDoze *doze) {
        doze->source = sd_event_source_disable_unref(doze->source);
        close_fd(&doze->socket);
        close_fd(&doze->bell);
}

/* An answer that the socket had no room for would be lost. */
static bool has_unsaid(const Peer *peer) {
        uint64_t unwritten = 0;

        return peer->orders.length > 0 || sd_bus_get_n_queued_write(peer->bus, &unwritten) < 0 || unwritten > 0;
}

bool peer_doze(Peer *peer, int bell) {
        if (peer->unwanted || has_unsaid(peer))
                return false;
        peer->doze.socket = fcntl(sd_bus_get_fd(peer->bus), F_DUPFD_CLOEXEC, 0);
        peer->doze.bell = fcntl(bell, F_DUPFD_CLOEXEC, 0);
        if (peer->doze.socket < 0 || peer->doze.bell < 0 || file_limit_is_near(peer->doze.bell)) {
                peer_doze_clear(&peer->doze);
                return false;
        }
        /* What comes from now on is the beginning of a new connection. */
        intake_close(&peer->intake);
        manager_need_sweep(peer->manager);
        return true;
}

static int on_word(sd_event_source *source, int fd, uint32_t events, void *userdata) {
        (void) peer_wake(userdata);
        return 0;
}

void peer_fall_asleep(Peer *peer) {
        int r;

        if (peer->doze.socket < 0 || !peer->bus)
                return;
        r = has_unsaid(peer) ? -ENOBUFS : 0;
        intake_stop(&peer->intake);
        peer->bus = sd_bus_close_unref(peer->bus);
        if (r >= 0)
                r = sd_event_add_io(
                        peer->manager->event, &peer->doze.source, peer->doze.socket, EPOLLIN, on_word, peer);
        if (r < 0) {
                log_warning("Job %s: its helicopter-parent cannot be listened to: %s; it has to connect again.",
                        peer->job_name, g_strerror(-r));
                manager_drop_peer(peer->manager, peer);
        }
}

int peer_wake(Peer *peer) {
        int socket, r;

        peer_fall_asleep(peer);
        if (peer->unwanted)
                return -ENOTCONN;
        if (peer->bus)
                return 0;
        socket = g_steal_fd(&peer->doze.socket);
        peer_doze_clear(&peer->doze);
        r = peer_open(peer, socket, WAKING_TIMEOUT);
        peer->wakes = r >= 0;
        if (r >= 0)
                return 0;
        if (r != -ECONNRESET && r != -EPIPE) /* else it has ended */
                log_warning("Job %s: the connection to its helicopter-parent cannot be begun anew: %s.", peer->job_name,
                        g_strerror(-r));
        manager_drop_peer(peer->manager, peer);
        return r;
}
