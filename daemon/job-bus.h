/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/job.h"

/* What the kernel and a loaded machine may take after SIGKILL. */
#define STOP_KILL_TIMEOUT (15 * G_USEC_PER_SEC)

/* Export the objects of all jobs on a connection, for its lifetime. 0 or a negative errno. */
int job_export(Manager *manager, sd_bus *bus);

/* Emit PropertiesChanged for the named properties (NULL-terminated), everywhere. */
void job_emit_changed(Job *job, char **properties);

/* Order the parent to stop its job. call: answered when the job has ended; may be NULL. 0, or a negative errno and
 * *error set. */
int job_order_stop(Job *job, uint64_t grace, sd_bus_message *call, sd_bus_error *error);

/* Read the option grace of a method that stops a job, or what it is by default, in microseconds. 0, or a negative errno and
 * *error set. */
int job_read_grace(
        const Job *job, sd_bus_message *message, const char *method, uint64_t *ret_grace, sd_bus_error *error);
