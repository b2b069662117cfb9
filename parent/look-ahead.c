/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "parent/look-ahead.h"

#include <time.h>

#include "helicopter/cleanup.h"
#include "helicopter/process.h"
#include "helicopter/wake.h"
#include "parent/lease.h"
#include "parent/target.h"

/* For an interpreter to start, and then to ask for a script. */
#define KEEP_TIME (5 * G_USEC_PER_SEC)

/* How long this process is held up where the thread cannot be stopped. Usually that takes less than a millisecond. */
#define STOP_TIMEOUT (100 * G_TIME_SPAN_MILLISECOND)

struct LookAhead {
        Target target;
        ThreadCall call; /* of its main thread */
        WakeSnapshot *snapshot;
        CallOrigin *origin;
        sd_event_source *expiry;
};

LookAhead *look_ahead_free(LookAhead *ahead) {
        if (!ahead)
                return NULL;
        sd_event_source_disable_unref(ahead->expiry);
        wake_snapshot_free(ahead->snapshot);
        call_origin_free(ahead->origin);
        target_clear(&ahead->target);
        g_free(ahead);
        return NULL;
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LookAhead, look_ahead_free)

static int on_expiry(sd_event_source *source, uint64_t usec, void *userdata) {
        Supervisor *supervisor = userdata;

        supervisor->ahead = look_ahead_free(supervisor->ahead);
        return 0;
}

static bool is_about(const LookAhead *ahead, pid_t tid, const ThreadCall *call) {
        return ahead && ahead->target.pid == tid && thread_call_is_same(&ahead->call, call) &&
                process_alive(ahead->target.pidfd);
}

/* Only a Python runs scripts, and no other program is used to what a stop does to some calls. */
static bool runs_scripts(pid_t pid) {
        PythonRuntime runtime = {};

        return python_runtime_find(pid, &runtime) >= 0 && runtime.remote_debug;
}

static int find_origin(Supervisor *supervisor, Target *target, const ThreadCall *call) {
        g_autoptr(LookAhead) ahead = g_new(LookAhead, 1);
        int r;

        *ahead = (LookAhead) { .target = *target, .call = *call };
        *target = TARGET_NONE;
        r = wake_snapshot(ahead->target.pid, ahead->target.pid, call, STOP_TIMEOUT, &ahead->snapshot);
        if (r >= 0)
                r = call_origin_find(supervisor, ahead->snapshot, call, &ahead->origin);
        if (r >= 0)
                r = sd_event_add_time_relative(
                        supervisor->event, &ahead->expiry, CLOCK_MONOTONIC, KEEP_TIME, 0, on_expiry, supervisor);
        if (r >= 0)
                supervisor->ahead = g_steal_pointer(&ahead);
        return r;
}

/*
 * Nothing is begun where the thread is in no call that would be interrupted. What is in the way here the waker meets, too, and says it.
 * One at a time, however often it is asked for: what is kept for this call still serves.
 */
static void begin(Supervisor *supervisor, Target *target) {
        ThreadCall call;

        if (thread_call_read(target->pid, target->pid, &call) < 0 || wake_kind(&call) != WAKE_RESUMED)
                return;
        if (is_about(supervisor->ahead, target->pid, &call) || !runs_scripts(target->pid))
                return;
        if (supervisor->ahead && !call_origin_is_found(supervisor->ahead->origin))
                return;
        supervisor->ahead = look_ahead_free(supervisor->ahead);
        find_origin(supervisor, target, &call);
}

int look_ahead_method(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Supervisor *supervisor = userdata;
        g_auto(Target) target = TARGET_NONE;
        uint32_t pid, caller;
        int r;

        r = sd_bus_message_read(message, "uu", &pid, &caller);
        if (r < 0)
                return r;
        r = target_hold(supervisor, pid, &target, error);
        if (r < 0)
                return r;
        r = lease_check(supervisor, (pid_t) caller, error);
        if (r < 0)
                return r;
        if (supervisor->state == JOB_RUNNING)
                begin(supervisor, &target);
        return sd_bus_reply_method_return(message, NULL);
}

bool look_ahead_take(Supervisor *supervisor, pid_t tid, const ThreadCall *call, WakeSnapshot **ret_snapshot,
        CallOrigin **ret_origin) {
        g_autoptr(LookAhead) ahead = NULL;

        if (!is_about(supervisor->ahead, tid, call))
                return false;
        ahead = g_steal_pointer(&supervisor->ahead);
        *ret_snapshot = g_steal_pointer(&ahead->snapshot);
        *ret_origin = g_steal_pointer(&ahead->origin);
        return true;
}
