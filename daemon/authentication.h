/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * How a connection begins: what a peer says until it is authenticated (D-Bus specification, "Authentication Protocol") is
 * handed to sd-bus, line by line, through a pair of sockets. sd-bus would read further than to its end, more than can be
 * looked at before (252 to 262). It gets the peer's socket when it is done. Who the peer is has to be asked of that: what
 * sd-bus knows of it (sd_bus_query_sender_creds()) is of the pair, and so is this process itself.
 */

#include <systemd/sd-bus.h>

typedef struct Authentication Authentication;

/*
 * socket: of the peer; it is taken over, also on failure. ret_fd: for sd_bus_set_fd(), and the caller's. Returns 0 or a
 * negative errno.
 */
int authentication_new(int socket, Authentication **ret, int *ret_fd);

/* Closes the peer's socket; what sd-bus has of it by then is its own. NULL is fine. Returns NULL. */
Authentication *authentication_free(Authentication *authentication);

/* The peer's socket, to wait for. */
int authentication_socket(const Authentication *authentication);

/*
 * Hand over what the peer has sent. bus: a server that was started with the descriptor of authentication_new(). Returns 1
 * when the peer is authenticated and that descriptor is its socket; 0: more is to come; -EAGAIN: so it is, and what waits
 * is no whole line; or another negative errno: it cannot go on.
 */
int authentication_step(Authentication *authentication, sd_bus *bus);
