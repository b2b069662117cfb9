/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A parent's connection that dozes: the socket stays open, and what sd-bus keeps for a connection, 8 KB, goes on both
 * sides. When there is something to say, both begin a connection on the same socket anew, with authentication and all; the
 * registration stays. The parent just begins, and the daemon, which is the server, cannot: it rings a bell, which is
 * the writing end of a pipe that the parent has given it, by closing it.
 */

#include <stdbool.h>
#include <systemd/sd-event.h>

typedef struct Peer Peer;

typedef struct PeerDoze {
        int socket; /* of the connection; -1: it does not doze. Set while the peer still has its bus: it was agreed on */
        int bell;   /* -1: none */
        sd_event_source *source; /* the parent begins */
} PeerDoze;

#define PEER_DOZE_NONE { .socket = -1, .bell = -1 }

/*
 * The parent would like to. To be called in the handler of its message, whose answer must be the last thing that is sent.
 * bell: stays the caller's. False when that is not possible now, since there are orders that it has not answered, say.
 */
bool peer_doze(Peer *peer, int bell);

/* Carry out what was agreed on, outside of the connection's own handlers. */
void peer_fall_asleep(Peer *peer);

/*
 * See to it that there is a bus, on which orders can be sent, once the parent has woken (daemon/order.h). 0 or a negative errno; then the
 * peer is about to be dropped.
 */
int peer_wake(Peer *peer);

/* Close what there is of it. */
void peer_doze_clear(PeerDoze *doze);
