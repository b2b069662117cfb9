/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The daemon's parts, and the order in which they begin: parents come back, what has ended is read, then clients are served. */

#include "daemon/listener.h"
#include "daemon/manager.h"
#include "daemon/settle.h"
#include "daemon/user-bus.h"

typedef struct Daemon {
        Manager *manager;
        Listener listener;
        UserBus *user_bus;
        Settle *settle;
} Daemon;

/*
 * Set everything up; what follows happens in the event loop. *daemon must stay where it is. Returns 0, or a negative
 * errno after having logged why.
 */
int daemon_start(Daemon *daemon, sd_event *event);

void daemon_clear(Daemon *daemon);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Daemon, daemon_clear)

/* Log that something without which there is no daemon has failed with a negative errno, which is returned. what: a sentence without its
 * full stop. */
int daemon_failed(const char *what, int r);
