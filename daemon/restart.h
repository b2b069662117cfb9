/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Starting a job again, with what it was started with. That is told by its parent on each registration, since the daemon may
 * have been replaced meanwhile, and kept (daemon/bounds.h) as long as the job is listed.
 *
 * The parent stops the job, and knows that it is to be started again: so does each daemon that hears of the job's end. Whoever
 * asked only waits. From the end on, the name belongs to the successor, a new job in the place of the old one.
 */

#include "daemon/job.h"

/* What a parent tells that is the daemon's own affair. Zeroed before; restart_told_clear() is due. */
typedef struct RestartTold {
        bool known;    /* the parent is one that can carry a restart out */
        bool restart;  /* it is doing so */
        GBytes *start; /* helicopter/job-start.h; NULL: it was not said, or no daemon has started the job */
} RestartTold;

void restart_told_clear(RestartTold *told);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(RestartTold, restart_told_clear)

/* A BusEntryReader, whose userdata is a RestartTold. */
int restart_take(const char *name, sd_bus_message *message, void *told);

/* Take over what the job's parent has told. */
void restart_told(Job *job, const RestartTold *told);

/* The method Job.Restart. */
int restart_method(sd_bus_message *message, void *job, sd_bus_error *error);

/* Start those that have ended for that, or give them up when the daemon is about to end. Frees their jobs. */
void restart_carry_out(Manager *manager);

/* The job goes, and what it was started with. */
void restart_forget(Job *job);
