/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "parent/wake-cause.h"

#include <glib.h>

#include "helicopter/error.h"

void wake_cause_clear(WakeCause *cause) {
        g_clear_pointer(&cause->call, g_free);
        g_clear_pointer(&cause->caller, g_free);
}

char *wake_cause_call_name(const ThreadCall *call) {
        const char *name = thread_call_name(call->number);

        return name ? g_strdup(name) : g_strdup_printf("system call %ld", call->number);
}

void wake_cause_set(WakeCause *cause, WakeCauseKind kind, const ThreadCall *call, const char *caller) {
        wake_cause_clear(cause);
        cause->kind = kind;
        cause->call = call ? wake_cause_call_name(call) : NULL;
        cause->caller = g_strdup(caller);
}

/* With "main thread" as its subject. */
static char *predicate(const WakeCause *cause) {
        switch (cause->kind) {
        case CAUSE_RUNNING:
                return g_strdup("is busy with something that does not come back to Python");
        case CAUSE_STOPPED:
                return g_strdup("is stopped");
        case CAUSE_TRACED:
                return g_strdup_printf("is blocked in %s, and held by another tracer", cause->call);
        case CAUSE_CALL:
                return g_strdup_printf("is blocked in %s", cause->call);
        case CAUSE_CALL_ENDS:
                return g_strdup_printf("is blocked in %s, which would end early if it were interrupted", cause->call);
        case CAUSE_LIBRARY:
                return g_strdup_printf("is blocked in %s, called by %s, which may not stand an interruption",
                        cause->call, cause->caller);
        case CAUSE_UNKNOWN_CALLER:
                return g_strdup_printf(
                        "is blocked in %s, and it cannot be told whether Python itself called that", cause->call);
        case CAUSE_STUBBORN:
                return g_strdup_printf("is blocked in %s, and does not look up when interrupted", cause->call);
        case CAUSE_UNREAD:
                return g_strdup("could not read what it was to run, in code with restricted builtins or a sandbox");
        default:
                return g_strdup("waits for a lock");
        }
}

char *wake_cause_sentence(const WakeCause *cause) {
        g_autofree char *does = predicate(cause);

        return g_strdup_printf("Its main thread %s.", does);
}

void wake_cause_error(const WakeCause *cause, pid_t pid, sd_bus_error *error) {
        g_autofree char *does = predicate(cause);

        if (cause->kind == CAUSE_STOPPED)
                sd_bus_error_setf(error, HELICOPTER_ERROR_BLOCKED,
                        "process %d is stopped, by SIGSTOP or ^Z; 'kill -CONT %d' lets it go on.", pid, pid);
        else if (cause->kind == CAUSE_RUNNING || cause->kind == CAUSE_CALL)
                sd_bus_error_setf(error, HELICOPTER_ERROR_TIMEOUT,
                        "process %d did not get to it in time: its main thread %s.", pid, does);
        else
                sd_bus_error_setf(error, HELICOPTER_ERROR_BLOCKED,
                        "process %d cannot get to it: its main thread %s, and no other thread can take over.", pid,
                        does);
}
