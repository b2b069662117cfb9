/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * There is no event for a thread that enters or leaves a system call, so it is looked at again after pauses. What is waited
 * for, the script that is read, does have one.
 */

#include "parent/waker.h"

#include <errno.h>
#include <time.h>

#include "helicopter/cleanup.h"
#include "helicopter/error.h"
#include "helicopter/process.h"
#include "helicopter/wake.h"
#include "parent/call-origin.h"
#include "parent/look-ahead.h"
#include "parent/stuck-threads.h"
#include "parent/wake-cause.h"

/* Between two looks at a thread: the first, and the longest. */
#define PAUSE_MIN (2 * G_TIME_SPAN_MILLISECOND)
#define PAUSE_MAX (100 * G_TIME_SPAN_MILLISECOND)
/* sd-event's own is 250 ms, which would be the pause. */
#define ACCURACY G_TIME_SPAN_MILLISECOND

/* Locks that are held for a shorter time are nothing to move a script for. */
#define LOCK_PATIENCE (150 * G_TIME_SPAN_MILLISECOND)

/* A thread other than the main one that runs, but does not take the script: another may do so sooner. */
#define RUN_PATIENCE G_USEC_PER_SEC

/* A call that is made again after this many interruptions, without a look at the script, is CPython's neither. */
#define INTERRUPTS_MAX 3

/* A stop takes less than a millisecond, unless the thread is in an uninterruptible wait. */
#define STOP_TIMEOUT (500 * G_TIME_SPAN_MILLISECOND)

/*
 * A script that was taken, but is not read in this time, was lost: CPython opens its file with the builtins of whatever code
 * the thread is in, and where those are restricted, as namedtuple's are, it cannot (3.15). It is queued again.
 */
#define READ_PATIENCE G_USEC_PER_SEC

#define THREADS_MAX 256
#define WAKERS_MAX 64

struct Waker {
        Supervisor *supervisor;
        Target target;
        Script *script;      /* NULL: somebody else's, or ended */
        RemoteExec *foreign; /* of somebody else's script */
        PythonThread thread; /* the one that is to run it */
        WakeMode mode;
        int64_t deadline; /* g_get_monotonic_time() */
        WakeDone done;
        void *userdata;

        sd_event_source *timer;
        uint64_t pause;

        int64_t unread_since; /* the script has been taken but not read; 0: it has not been taken */
        bool unreadable;      /* it has been lost in this way at least once */
        int64_t since;        /* the thread has been in this state */
        ThreadCall call;      /* that it was in then */
        unsigned interrupts;  /* of this thread */
        GArray *stuck;        /* parent/stuck-threads.h */

        WakeSnapshot *snapshot; /* of the thread in its call */
        CallOrigin *origin;     /* who made the call is being found out */
        bool ahead;             /* that was begun ahead */

        WakeCause cause;   /* why the main thread has not run it */
        char *interrupted; /* the name of the call that was interrupted */
};

static void forget_origin(Waker *waker) {
        waker->snapshot = wake_snapshot_free(waker->snapshot);
        waker->origin = call_origin_free(waker->origin);
}

static Waker *waker_free(Waker *waker) {
        if (!waker)
                return NULL;
        g_queue_remove(&waker->supervisor->wakers, waker);
        forget_origin(waker);
        g_array_unref(waker->stuck);
        sd_event_source_disable_unref(waker->timer);
        remote_exec_free(waker->foreign);
        target_clear(&waker->target);
        wake_cause_clear(&waker->cause);
        g_free(waker->interrupted);
        g_free(waker);
        return NULL;
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Waker, waker_free)

static bool is_main(const Waker *waker) {
        return waker->thread.tid == waker->target.pid;
}

static void succeed(Waker *waker) {
        g_autofree char *reason = is_main(waker) ? NULL : wake_cause_sentence(&waker->cause);
        const WakeResult result = {
                .thread = waker->thread.tid,
                .main = is_main(waker),
                .reason = reason ? reason : "",
                .call = waker->interrupted ? waker->interrupted : "",
        };

        waker->done(&result, NULL, waker->userdata);
        waker_free(waker);
}

static void fail(Waker *waker, const sd_bus_error *error) {
        waker->done(NULL, error, waker->userdata);
        waker_free(waker);
}

static void fail_gone(Waker *waker) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;

        if (process_alive(waker->target.pidfd))
                sd_bus_error_setf(&error, HELICOPTER_ERROR_NO_SCRIPT, "the script for process %d was withdrawn.",
                        waker->target.pid);
        else
                target_trace_error(waker->target.pid, -ESRCH, &error);
        fail(waker, &error);
}

static void on_script_ended(ScriptEnd end, void *userdata) {
        Waker *waker = userdata;

        waker->script = NULL;
        if (end == SCRIPT_TAKEN)
                succeed(waker);
        else
                fail_gone(waker);
}

/* The script is not going to be run: take it back. At the last moment it may be, all the same. */
static void give_up(Waker *waker) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        Script *script = g_steal_pointer(&waker->script);
        ScriptEnd end = SCRIPT_WITHDRAWN;

        if (script)
                end = script_withdraw(script);
        if (end == SCRIPT_TAKEN && !waker->unreadable) {
                succeed(waker);
                return;
        }
        if (waker->unreadable)
                wake_cause_set(&waker->cause, CAUSE_UNREAD, NULL, NULL);
        wake_cause_error(&waker->cause, waker->target.pid, &error);
        fail(waker, &error);
}

/* Whether a thread may run the script sooner than the one that is stuck. */
static bool is_candidate(const Waker *waker, pid_t tid) {
        return tid != waker->thread.tid && stuck_threads_may_run(waker->stuck, waker->target.pid, tid);
}

static void begin_thread(Waker *waker, const PythonThread *thread) {
        waker->thread = *thread;
        waker->interrupts = 0;
        waker->since = g_get_monotonic_time();
        waker->call = (ThreadCall) {};
        waker->pause = PAUSE_MIN;
}

static void move(Waker *waker) {
        PythonThread threads[THREADS_MAX];
        int count, r;

        if (!waker->script)
                return;
        count = remote_exec_threads(waker->script->remote, threads, THREADS_MAX);
        for (int i = 0; i < count; i++)
                if (is_candidate(waker, threads[i].tid)) {
                        r = script_move(waker->script, &threads[i]);
                        if (r >= 0)
                                begin_thread(waker, &threads[i]);
                        else if (r == -ECANCELED)
                                waker->script = NULL;
                        return;
                }
}

/* The thread cannot run the script as long as it is in this call. */
static void give_thread_up(Waker *waker, WakeCauseKind kind, const char *caller) {
        if (is_main(waker))
                wake_cause_set(&waker->cause, kind, &waker->call, caller);
        if (waker->mode == WAKE_OFF)
                return;
        stuck_threads_add(waker->stuck, waker->thread.tid, &waker->call);
        move(waker);
}

/* Why a snapshot or an interruption failed. */
static WakeCauseKind cause_of(int r) {
        switch (r) {
        case -EBUSY:
                return CAUSE_TRACED;
        case -EOPNOTSUPP:
                return CAUSE_CALL_ENDS;
        default:
                return CAUSE_UNKNOWN_CALLER;
        }
}

/* Nothing but a script is a reason to disturb the thread. When it is not pending, the thread has taken it, which will be seen. */
static bool is_pending(const Waker *waker) {
        const RemoteExec *remote = waker->script ? waker->script->remote : waker->foreign;

        return remote_exec_is_pending(remote, &waker->thread) == 1;
}

static void interrupt(Waker *waker) {
        int r;

        if (!is_pending(waker))
                return;
        r = wake_interrupt(waker->snapshot, STOP_TIMEOUT);
        if (r == 0) {
                waker->interrupts++;
                g_free(waker->interrupted);
                waker->interrupted = wake_cause_call_name(&waker->call);
                waker->pause = PAUSE_MIN;
        } else if (r != -EAGAIN) {
                give_thread_up(waker, cause_of(r), NULL);
        }
}

static void schedule(Waker *waker);

static void on_origin(bool python, const char *caller, void *userdata) {
        Waker *waker = userdata;

        if (python)
                interrupt(waker);
        else if (waker->ahead)
                ; /* It may be another call by now: found out anew at the next look. */
        else if (wake_kind(&waker->call) == WAKE_LOCK)
                give_thread_up(waker, CAUSE_LOCK, NULL);
        else
                give_thread_up(waker, caller ? CAUSE_LIBRARY : CAUSE_UNKNOWN_CALLER, caller);
        forget_origin(waker);
        schedule(waker);
}

/* Whoever made the call. */
static int interrupt_by_force(Waker *waker) {
        int r;

        r = wake_snapshot(waker->target.pid, waker->thread.tid, &waker->call, STOP_TIMEOUT, &waker->snapshot);
        if (r >= 0)
                interrupt(waker);
        waker->snapshot = wake_snapshot_free(waker->snapshot);
        return r;
}

/* What it returns is the snapshot's: -EAGAIN, -ESRCH: the thread has moved on. */
static int find_origin(Waker *waker) {
        const ThreadCall *call = &waker->call;
        int r;

        waker->ahead = look_ahead_take(waker->supervisor, waker->thread.tid, call, &waker->snapshot, &waker->origin);
        if (!waker->ahead) {
                r = wake_snapshot(waker->target.pid, waker->thread.tid, call, STOP_TIMEOUT, &waker->snapshot);
                if (r < 0)
                        return r;
        }
        if ((waker->ahead || call_origin_find(waker->supervisor, waker->snapshot, call, &waker->origin) >= 0) &&
                call_origin_listen(waker->origin, on_origin, waker) >= 0)
                return 0;
        forget_origin(waker);
        give_thread_up(waker, CAUSE_UNKNOWN_CALLER, NULL);
        return 0;
}

/* In a call that CPython would resume, or go on with, if it made it. */
static void wake(Waker *waker) {
        int r;

        if (waker->mode == WAKE_OFF || waker->interrupts >= INTERRUPTS_MAX) {
                give_thread_up(waker, waker->mode == WAKE_OFF ? CAUSE_CALL : CAUSE_STUBBORN, NULL);
                return;
        }
        if (!is_pending(waker))
                return;
        r = waker->mode == WAKE_FORCE && wake_kind(&waker->call) == WAKE_RESUMED ? interrupt_by_force(waker)
                                                                                 : find_origin(waker);
        if (r < 0 && r != -EAGAIN && r != -ESRCH)
                give_thread_up(waker, cause_of(r), NULL);
}

static bool is_stopped(const Waker *waker) {
        ProcessStatus status;

        return process_status(waker->thread.tid, &status) >= 0 && status.state == 'T';
}

/* What a thread that is not blocked does. */
static void look_at_running(Waker *waker, int64_t span) {
        if (is_main(waker))
                wake_cause_set(&waker->cause, CAUSE_RUNNING, NULL, NULL);
        else if (span >= RUN_PATIENCE)
                give_thread_up(waker, CAUSE_RUNNING, NULL);
}

/* The first that is known of what the main thread does; give_thread_up() may say more. */
static void begin_call(Waker *waker, const ThreadCall *call) {
        waker->since = g_get_monotonic_time();
        waker->call = *call;
        if (is_main(waker) && call->blocked)
                wake_cause_set(&waker->cause, wake_kind(call) == WAKE_LOCK ? CAUSE_LOCK : CAUSE_CALL, call, NULL);
}

static void look_at_blocked(Waker *waker, int64_t span) {
        WakeKind kind = wake_kind(&waker->call);

        if (stuck_threads_has(waker->stuck, waker->thread.tid, &waker->call))
                move(waker);
        else if (kind == WAKE_NEVER)
                give_thread_up(waker, CAUSE_CALL_ENDS, NULL);
        else if (kind == WAKE_RESUMED || span >= LOCK_PATIENCE)
                wake(waker);
}

static void look_at_call(Waker *waker, const ThreadCall *call) {
        int64_t span;

        if (!thread_call_is_same(&waker->call, call))
                begin_call(waker, call);
        span = g_get_monotonic_time() - waker->since;
        if (is_stopped(waker))
                wake_cause_set(&waker->cause, CAUSE_STOPPED, NULL, NULL);
        else if (call->blocked)
                look_at_blocked(waker, span);
        else
                look_at_running(waker, span);
}

/* Taken, as far as that has to be looked for. */
static bool is_taken(const Waker *waker) {
        if (waker->script)
                return script_is_taken(waker->script);
        return waker->foreign && remote_exec_is_pending(waker->foreign, &waker->thread) <= 0;
}

static void end_taken(Waker *waker) {
        Script *script = g_steal_pointer(&waker->script);

        if (script)
                script_withdraw(script);
        if (process_alive(waker->target.pidfd))
                succeed(waker);
        else
                fail_gone(waker);
}

static void look(Waker *waker) {
        ThreadCall call;
        int r = thread_call_read(waker->target.pid, waker->thread.tid, &call);

        if (r >= 0)
                look_at_call(waker, &call);
        else if (r == -ESRCH)
                move(waker); /* the thread has ended */
}

/* Whether the script has been taken, and waits to be read; queued again when that takes too long. */
static bool waits_for_reading(Waker *waker) {
        int64_t now = g_get_monotonic_time();

        if (!waker->script || !script_is_unread(waker->script)) {
                waker->unread_since = 0;
                return false;
        }
        if (waker->unread_since == 0)
                waker->unread_since = now;
        if (now - waker->unread_since < READ_PATIENCE)
                return true;
        waker->unreadable = true;
        script_queue_again(waker->script);
        waker->unread_since = 0;
        return false;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata) {
        Waker *waker = userdata;

        if (is_taken(waker)) {
                end_taken(waker);
        } else if (g_get_monotonic_time() >= waker->deadline) {
                give_up(waker);
        } else {
                if (!waits_for_reading(waker))
                        look(waker);
                schedule(waker);
        }
        return 0;
}

/* Look again after a pause, or when it is known who made the call; at the deadline at the latest. */
static void schedule(Waker *waker) {
        int64_t next = waker->origin ? waker->deadline : g_get_monotonic_time() + (int64_t) waker->pause;

        if (!waker->script && !waker->foreign) {
                fail_gone(waker);
                return;
        }
        waker->pause = MIN(waker->pause * 2, PAUSE_MAX);
        sd_event_source_set_time(waker->timer, (uint64_t) MIN(next, waker->deadline));
        sd_event_source_set_enabled(waker->timer, SD_EVENT_ONESHOT);
}

static int check_foreign(Waker *waker, sd_bus_error *error) {
        pid_t pid = waker->target.pid;
        PythonRuntime runtime = {};
        int r;

        r = remote_exec_open(pid, &waker->foreign, &runtime);
        if (r < 0)
                return target_python_error(pid, r, &runtime, error);
        r = remote_exec_threads(waker->foreign, &waker->thread, 1);
        if (r < 0)
                return target_python_error(pid, r, &runtime, error);
        if (remote_exec_is_pending(waker->foreign, &waker->thread) != 1)
                return sd_bus_error_setf(error, HELICOPTER_ERROR_NO_SCRIPT, "no script is queued in process %d.", pid);
        return 0;
}

static int check(const Supervisor *supervisor, const Target *target, const Script *script, sd_bus_error *error) {
        if (script && script->ended)
                return sd_bus_error_setf(error, HELICOPTER_ERROR_SCRIPT_PENDING,
                        "the script for process %d is seen to already.", target->pid);
        if (g_queue_get_length((GQueue *) &supervisor->wakers) >= WAKERS_MAX)
                return sd_bus_error_set(
                        error, HELICOPTER_ERROR_LIMIT_REACHED, "too many scripts are seen to in it already.");
        return 0;
}

int waker_new(Supervisor *supervisor, Target *target, Script *script, WakeMode mode, uint64_t timeout, WakeDone done,
        void *userdata, Waker **ret_waker, sd_bus_error *error) {
        g_autoptr(Waker) waker = NULL;
        int r;

        r = check(supervisor, target, script, error);
        if (r < 0)
                return r;
        waker = g_new(Waker, 1);
        *waker = (Waker) {
                .supervisor = supervisor,
                .target = *target,
                .script = script,
                .mode = mode,
                .deadline = g_get_monotonic_time() + (int64_t) timeout,
                .done = done,
                .userdata = userdata,
                .pause = PAUSE_MIN,
                .stuck = stuck_threads_new(),
        };
        *target = TARGET_NONE;
        if (script) {
                begin_thread(waker, &script->thread);
        } else {
                r = check_foreign(waker, error);
                if (r < 0)
                        return r;
        }
        r = sd_event_add_time(supervisor->event, &waker->timer, CLOCK_MONOTONIC, 0, ACCURACY, on_timer, waker);
        if (r < 0)
                return r;
        if (script) {
                script->ended = on_script_ended;
                script->userdata = waker;
        }
        g_queue_push_tail(&supervisor->wakers, waker);
        *ret_waker = g_steal_pointer(&waker);
        return 0;
}

Waker *waker_cancel(Waker *waker) {
        if (waker && waker->script)
                script_withdraw(waker->script);
        return waker_free(waker);
}

void waker_end_all(Supervisor *supervisor) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        Waker *waker;

        sd_bus_error_set(&error, HELICOPTER_ERROR_TARGET_GONE, "it has ended.");
        while ((waker = g_queue_peek_head(&supervisor->wakers))) {
                if (waker->script)
                        script_withdraw(waker->script);
                fail(waker, &error);
        }
}
