/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Jobs that have ended, as their records tell (helicopter/job-record.h): those of which no daemon has heard, or an earlier
 * one. A record is kept as long as its job is listed. Each end is told once: from the record, or by the parent.
 */

#include "daemon/job.h"

/* Watch the records' folder. A failure is logged: ends without a daemon then go unheard. */
void ended_watch(Manager *manager);

/* List the jobs of all records. To be called once, when the jobs that run are known. */
void ended_load(Manager *manager);

/* The job has ended: see to it that there is a record. */
void ended_keep(const Job *job);

/* A running job's parent is gone: whether its record tells how the job ended. If so, that is taken over. */
bool ended_find(Job *job);
