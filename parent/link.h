/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The connection to the daemon: made again whenever it is lost, at once when the socket appears, else with growing
 * pauses. The job never waits for it, but for its start, where no daemon keeps its name for it: there is a moment to refuse one that is in use.
 */

#include <stdbool.h>

#include "parent/supervisor.h"

/* Begin to connect. 0 or a negative errno when the event loop fails; a daemon that is not there is no failure. */
int link_new(Supervisor *supervisor, Link **ret_link);
Link *link_free(Link *link);

/* Something about the job has changed: tell it, if the daemon is there. Otherwise it is told on the next registration.
 */
void link_update(Link *link);

/*
 * Append what a Grant has changed to its answer (a{sv}, as Registry.Update has it), and send it. 0 or more, or a negative errno.
 */
int link_answer_grant(Link *link, sd_bus_message *answer);

/* The daemon has not answered the first registration yet, and may still do so: supervisor_release() is yet to be called. */
bool link_is_new(const Link *link);

/* The name that the job has, or wants while no daemon has given it one. */
const char *link_job_name(const Link *link);

/* As link_update(), and call supervisor_told_end() when the daemon has answered, or supervisor_not_told() when it is gone.
 * False when there is nobody to be told. */
bool link_tell_end(Link *link);
