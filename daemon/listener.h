/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/manager.h"

/*
 * Listen on the private socket: on the one that the service manager passed (sd_listen_fds(3)), else on one of our own. Connections become peers
 * of the manager. *ret_source is the caller's.
 * Returns 0, or a negative errno after having logged why: -EADDRINUSE when a live daemon serves the socket already.
 */
int listener_start(Manager *manager, sd_event_source **ret_source);
