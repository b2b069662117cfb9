/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/manager.h"

typedef struct Listener {
        Manager *manager; /* not owned */
        sd_event_source *source;
        sd_event_source *pause; /* after a failed accept() */
        GArray *waiting;        /* descriptors of connections that are not served yet */
        bool open;
        bool own; /* bound by us, so that its file is ours to remove */
} Listener;

/*
 * Listen on the private socket: on the one that the service manager passed (sd_listen_fds(3)), else on one of our own.
 * Connections become peers of the manager, but only after listener_accept(); until then they queue. The listener must
 * stay where it is, and be stopped before the manager is freed. Returns 0, or a negative errno after having logged why: -EADDRINUSE when a live daemon serves the
 * socket already.
 */
int listener_start(Listener *listener, Manager *manager);

/*
 * Begin to accept connections. Those of parents are served at once; others wait, unread, for listener_open(). 0 or a
 * negative errno.
 */
int listener_accept(Listener *listener);

/* Serve everybody. */
void listener_open(Listener *listener);

void listener_stop(Listener *listener);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Listener, listener_stop)
