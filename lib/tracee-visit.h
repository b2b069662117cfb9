/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * From attaching to a thread to letting it go, as whatever is done in between has it: stopped once, for a short while, no
 * signal lost. All in the tracer's thread (see tracer-thread.h), whose end lets the target go on every path.
 */

#include "helicopter/process.h"
#include "lib/tracee.h"

typedef struct TraceeVisit {
        pid_t target;
        int64_t deadline; /* CLOCK_MONOTONIC in microseconds */
        TraceeStop stop;  /* the one that it is in */
} TraceeVisit;

/*
 * Whether a thread can be traced, as far as /proc tells: 0 (*ret_status, which may be NULL, is set), -ESRCH, or -EBUSY (another
 * tracer than this thread has it).
 */
int tracee_visit_check(pid_t target, ProcessStatus *ret_status);

/* Attach, without stopping it. Returns 0, -ESRCH, -EBUSY, -EPERM or another negative errno. */
int tracee_visit_begin(TraceeVisit *visit);

/*
 * Bring it to an event stop; signals that come first are delivered. Returns 0, -ESRCH, -ETIMEDOUT (it cannot be stopped: it waits
 * for its vfork's child, say) or another negative errno.
 */
int tracee_visit_stop(TraceeVisit *visit);

/* Let it go on, by one of tracee.h's ways, with the signal that it was stopped for. */
int tracee_visit_resume(TraceeVisit *visit, int (*how)(pid_t thread, int signal));

/*
 * The end of a visit, whatever came before: try `let_go` until it succeeds or the target is gone. It returns 0 or a
 * negative errno, and resumes by tracee_detach() at last.
 */
int tracee_visit_end(TraceeVisit *visit, int (*let_go)(TraceeVisit *visit, void *data), void *data);

/* The simple way to let go: a target that runs cannot be detached, which the end of the tracer's thread does then. */
int tracee_visit_detach(TraceeVisit *visit, void *unused);
