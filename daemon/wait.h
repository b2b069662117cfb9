/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A method call that is answered when its job has reached a state, or when its deadline passes. */

#include "daemon/job.h"

/* Answer the call if it can be answered now: returns true when it was. */
typedef bool (*WaitAnswer)(Job *job, sd_bus_message *call);

/* What to do when the deadline passes, before the call is answered with Timeout, unless that has answered it. */
typedef void (*WaitExpired)(Job *job);

/*
 * Wait for answer() to return true, which may be at once. timeout: microseconds; when they have passed, the call is
 * answered with Timeout, its text being "Job NAME: " and what. what: static. expired: may be NULL. Takes a reference of
 * call, which may be NULL: then nobody waits, and it is about the deadline. 0 or a negative errno.
 */
int wait_add(
        Job *job, sd_bus_message *call, uint64_t timeout, const char *what, WaitAnswer answer, WaitExpired expired);

/*
 * Take all that wait away from a job that goes, and give them to another, for a call of which `answer` is right from then on;
 * deadlines stay. `waits` may be NULL. To be done without anything in between.
 */
Wait *wait_steal(Job *job);
void wait_give(Job *job, Wait *waits, WaitAnswer answer);

/* The job has changed: answer what can be answered. */
void wait_check(Job *job);

/* The job goes: answer all that still waits with NoSuchJob. */
void wait_free_all(Job *job);
