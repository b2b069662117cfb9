/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A daemon where no service manager starts one. */

#include <systemd/sd-bus.h>

/*
 * Start the daemon with the socket at path, listening already, so that connecting to it works from now on. It is no
 * child of ours, and has a session of its own. HELICOPTER_DAEMON in the environment names another program than the
 * installed one. Returns 0, also when somebody else was quicker; or a negative errno with *error set.
 */
int daemon_start(const char *path, sd_bus_error *error);

/* The file that such a daemon writes its messages to, owned by the caller. */
char *daemon_log_path(void);
