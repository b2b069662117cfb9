/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The record of who was given what: one structured journal entry (sd_journal_send(3)) for each grant, script, wake,
 * change of policy, refusal, and end of a lease. units/helicopter.catalog explains them to who reads the journal, field by
 * field. A field that is not known is left out: what a lease was for, say, when it began under an earlier daemon.
 */

#include "daemon/caller.h"
#include "daemon/job.h"
#include "helicopter/audit-id.h"

/* Who asked for what. */
typedef struct Audit {
        Job *job; /* NULL: it is not listed any more */
        const char *job_name;
        uint32_t target_pid; /* 0: not known */
        const Caller *caller;
        double seconds; /* from the request to now */
} Audit;

/* Something that is done on request. */
typedef struct AuditEvent {
        sd_id128_t id;
        const char *what; /* as in "pid 5 (gdb) … pid 7" */
} AuditEvent;

extern const AuditEvent audit_granted, audit_script, audit_wake, audit_policy;

void audit_done(const Audit *audit, const AuditEvent *event);
void audit_refused(const Audit *audit, const sd_bus_error *why);

/* Called when the job's tracer is another than before: records the end of a lease. */
void audit_tracer_changed(Job *job, const JobProperties *before);
