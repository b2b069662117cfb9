/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "parent/look-ahead.h"

#include <time.h>

#include "helicopter/cleanup.h"
#include "helicopter/wake.h"
#include "parent/lease.h"
#include "parent/target.h"

/* For an interpreter to start, and then to ask for a script. */
#define KEEP_TIME (5 * G_USEC_PER_SEC)

/* The target need not wait for this: it is only let go of sooner where it cannot be stopped. */
#define STOP_TIMEOUT (100 * G_TIME_SPAN_MILLISECOND)

struct LookAhead {
        pid_t thread;
        ThreadCall call;
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
        g_free(ahead);
        return NULL;
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LookAhead, look_ahead_free)

static int on_expiry(sd_event_source *source, uint64_t usec, void *userdata) {
        Supervisor *supervisor = userdata;

        supervisor->ahead = look_ahead_free(supervisor->ahead);
        return 0;
}

/* Nothing is begun, and 0 returned, where the thread is in no call that would be interrupted. */
static int begin(Supervisor *supervisor, pid_t pid) {
        g_autoptr(LookAhead) ahead = g_new0(LookAhead, 1);
        int r;

        ahead->thread = pid;
        r = thread_call_read(pid, pid, &ahead->call);
        if (r < 0 || wake_kind(&ahead->call) != WAKE_RESUMED)
                return r;
        r = wake_snapshot(pid, pid, &ahead->call, STOP_TIMEOUT, &ahead->snapshot);
        if (r >= 0)
                r = call_origin_find(supervisor, ahead->snapshot, &ahead->call, &ahead->origin);
        if (r >= 0)
                r = sd_event_add_time_relative(
                        supervisor->event, &ahead->expiry, CLOCK_MONOTONIC, KEEP_TIME, 0, on_expiry, supervisor);
        if (r >= 0)
                supervisor->ahead = g_steal_pointer(&ahead);
        return r;
}

int look_ahead_method(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Supervisor *supervisor = userdata;
        g_auto(Target) target = TARGET_NONE;
        uint32_t pid, caller;
        int caller_pidfd, r;

        r = sd_bus_message_read(message, "uuh", &pid, &caller, &caller_pidfd);
        if (r < 0)
                return r;
        r = target_hold(supervisor, pid, &target, error);
        if (r < 0)
                return r;
        r = lease_check(supervisor, (pid_t) caller, error);
        if (r < 0)
                return r;
        supervisor->ahead = look_ahead_free(supervisor->ahead);
        /* The waker meets what is in the way here, and says it. */
        begin(supervisor, target.pid);
        return sd_bus_reply_method_return(message, NULL);
}

static bool is_same_call(const ThreadCall *a, const ThreadCall *b) {
        return a->number == b->number && a->stack_pointer == b->stack_pointer &&
                a->program_counter == b->program_counter;
}

bool look_ahead_take(Supervisor *supervisor, pid_t tid, const ThreadCall *call, WakeSnapshot **ret_snapshot,
        CallOrigin **ret_origin) {
        g_autoptr(LookAhead) ahead = NULL;

        if (!supervisor->ahead || supervisor->ahead->thread != tid || !is_same_call(&supervisor->ahead->call, call))
                return false;
        ahead = g_steal_pointer(&supervisor->ahead);
        *ret_snapshot = g_steal_pointer(&ahead->snapshot);
        *ret_origin = g_steal_pointer(&ahead->origin);
        return true;
}
