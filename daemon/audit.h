/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The record of who was given what: one structured journal entry (sd_journal_send(3)) for each grant, script, refusal
 * and end of a lease. Fields: MESSAGE_ID, HELICOPTER_JOB, HELICOPTER_UNIT, HELICOPTER_TARGET_PID, HELICOPTER_TRACER_PID,
 * HELICOPTER_TRACER_UID, HELICOPTER_TRACER_EXE, and, when a lease ends, HELICOPTER_SECONDS.
 */

#include <systemd/sd-id128.h>

#include "daemon/caller.h"
#include "daemon/job.h"

#define AUDIT_GRANTED SD_ID128_MAKE(1f, 6c, 58, 6d, 0c, 3b, 4e, 6f, 9b, 0e, 43, 8f, 5e, d5, 1b, 7a)
#define AUDIT_REFUSED SD_ID128_MAKE(5a, 07, e8, d3, 3d, 6e, 4b, 0d, 8c, 3c, 66, 51, b0, 49, 2f, c2)
#define AUDIT_REVOKED SD_ID128_MAKE(c3, 2d, 19, 4b, 7e, 0a, 4c, 58, a7, 71, 0f, 5d, 92, e6, 84, 3b)

#define AUDIT_SCRIPT SD_ID128_MAKE(8e, 41, 5d, 02, 97, b6, 4f, 1a, 8a, d3, 2c, 60, 7b, e1, 94, 05)

void audit_granted(const Job *job, uint32_t target_pid, const Caller *caller);
/* A script was queued in the job. */
void audit_script(const Job *job, uint32_t target_pid, const Caller *caller);
void audit_refused(const char *job_name, uint32_t target_pid, const Caller *caller, const sd_bus_error *why);

/* Called when the job's tracer is another than before: records the end of a lease. */
void audit_tracer_changed(Job *job, const JobProperties *before);
