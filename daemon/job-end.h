/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Ending a job politely: the order to its parent, whose answer says that it has begun, and the wait for what comes of it. */

#include "daemon/job.h"

/* What the kernel and a loaded machine may take after SIGKILL. */
#define STOP_KILL_TIMEOUT (15 * G_USEC_PER_SEC)

/*
 * The parent has sent SIGTERM, and will send SIGKILL after the grace period (microseconds): answer the call, or have it wait. job:
 * NULL when it is not listed any more. 0 or more, or a negative errno.
 */
typedef int (*JobEndAwait)(Job *job, const char *job_name, uint64_t grace, sd_bus_message *call);

/* A way to end. */
typedef struct JobEnd {
        const char *method; /* of org.helicopter1.Parent */
        bool for_good;      /* its unit shall not start it again */
        JobEndAwait await;
} JobEnd;

/*
 * Order the parent to end its job. end: static. call: who is answered; NULL: nobody waits. 0, or a negative errno and *error set, as
 * order_new() and order_send() do it.
 */
int job_end_order(Job *job, const JobEnd *end, uint64_t grace, sd_bus_message *call, sd_bus_error *error);

/* The same for good. The call is answered when the job has ended. */
int job_end_stop(Job *job, uint64_t grace, sd_bus_message *call, sd_bus_error *error);

/*
 * Read the option grace of a method that ends a job, or what it is by default, in microseconds. 0, or a negative errno and
 * *error set.
 */
int job_end_read_grace(
        const Job *job, sd_bus_message *message, const char *method, uint64_t *ret_grace, sd_bus_error *error);
