/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Why the main thread of a Python does not run what is queued in it, and how that is told. */

#include <systemd/sd-bus.h>

#include "helicopter/thread-call.h"

typedef enum WakeCauseKind {
        CAUSE_RUNNING,        /* it runs, but no Python */
        CAUSE_STOPPED,        /* by job control */
        CAUSE_TRACED,         /* in a call, and another tracer has it */
        CAUSE_CALL,           /* in a call that is not to be interrupted, since that was not wanted */
        CAUSE_CALL_ENDS,      /* in a call that would end early */
        CAUSE_LIBRARY,        /* in a call that somebody else than CPython made */
        CAUSE_UNKNOWN_CALLER, /* in a call, and it cannot be told who made it */
        CAUSE_STUBBORN,       /* in a call that is made again without a look at what is queued */
        CAUSE_LOCK,           /* waiting for a lock */
        CAUSE_UNREAD,         /* it took the script, and could not read it */
} WakeCauseKind;

typedef struct WakeCause {
        WakeCauseKind kind;
        char *call;   /* its name */
        char *caller; /* a library's or a function's name */
} WakeCause;

/* call and caller: NULL where the kind has none. They are copied. */
void wake_cause_set(WakeCause *cause, WakeCauseKind kind, const ThreadCall *call, const char *caller);
void wake_cause_clear(WakeCause *cause);

/* "read", or "system call 335" when it has no known name. Owned by the caller. */
char *wake_cause_call_name(const ThreadCall *call);

/* "Its main thread waits for a lock." Owned by the caller. */
char *wake_cause_sentence(const WakeCause *cause);

/* Set *error to Blocked, or to Timeout when more time might have helped. */
void wake_cause_error(const WakeCause *cause, pid_t pid, sd_bus_error *error);
