/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "lib/tracer-thread.h"

#include <errno.h>
#include <glib.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "helicopter/thread.h"
#include "lib/tracee-arch.h"

/* How long the caller waits past the deadline for the tracer to leave the target as it was. */
#define GRACE (500 * G_TIME_SPAN_MILLISECOND)

/* Shared with the tracer thread, which may outlive the call: reference counted (g_atomic_rc_box). */
typedef struct Tracer {
        TracerWork work;
        void *data;
        int64_t deadline;
        pid_t thread;
        int error;
} Tracer;

static void clear(void *data) {
        Tracer *tracer = data;

        g_atomic_rc_box_release(tracer->data);
}

static void *run(void *data) {
        Tracer *tracer = data;

        tracer->thread = (pid_t) syscall(SYS_gettid);
        tracer->error = tracer->work(tracer->data, tracer->deadline);
        g_atomic_rc_box_release_full(tracer, clear);
        return NULL;
}

static int start(Tracer *tracer, pthread_t *ret_thread) {
        int r;

        g_atomic_rc_box_acquire(tracer);
        r = thread_start(ret_thread, run, tracer);
        if (r < 0)
                g_atomic_rc_box_release_full(tracer, clear);
        return r;
}

/*
 * pthread_join() returns somewhat before the kernel lets a tracee go (clear_child_tid comes before exit_notify() in
 * do_exit(), Linux 6.18). The thread is on its way out and nothing can hold it up, so this takes microseconds, unless
 * somebody traces this process.
 */
static void wait_for_end(pid_t thread) {
        int64_t end = g_get_monotonic_time() + GRACE;

        while (tgkill(getpid(), thread, 0) == 0 && g_get_monotonic_time() < end)
                sched_yield();
}

static int join(Tracer *tracer, pthread_t thread) {
        int64_t end = tracer->deadline + GRACE;
        struct timespec until = { .tv_sec = end / G_USEC_PER_SEC, .tv_nsec = end % G_USEC_PER_SEC * 1000 };

        if (pthread_clockjoin_np(thread, NULL, CLOCK_MONOTONIC, &until) != 0) {
                pthread_detach(thread);
                return -ETIMEDOUT;
        }
        if (tracer->error < 0)
                wait_for_end(tracer->thread);
        return tracer->error;
}

/* Stops are announced by SIGCHLD; if nobody can wait for it, say so instead of waiting until the deadline. */
static int check_signals(void) {
        struct sigaction action;
        sigset_t blocked;

        pthread_sigmask(SIG_SETMASK, NULL, &blocked);
        sigaction(SIGCHLD, NULL, &action);
        if (!sigismember(&blocked, SIGCHLD) || action.sa_handler == SIG_IGN || (action.sa_flags & SA_NOCLDSTOP))
                return -EDEADLK;
        return 0;
}

static int start_and_join(Tracer *tracer) {
        pthread_t thread;
        int r;

        r = start(tracer, &thread);
        if (r < 0)
                return r;
        r = join(tracer, thread);
        /* Those of the program's other children may be among the SIGCHLD consumed, or hidden behind one: pending
         * signals merge. */
        kill(getpid(), SIGCHLD);
        return r;
}

int tracer_thread_run(TracerWork work, void *data, uint64_t timeout) {
        Tracer *tracer;
        int r;

        if (!tracee_arch_syscall_instruction)
                return -EOPNOTSUPP;
        r = check_signals();
        if (r < 0)
                return r;
        tracer = g_atomic_rc_box_new0(Tracer);
        tracer->work = work;
        tracer->data = g_atomic_rc_box_acquire(data);
        tracer->deadline = g_get_monotonic_time() + (int64_t) MIN(timeout, (uint64_t) G_TIME_SPAN_DAY);
        r = start_and_join(tracer);
        g_atomic_rc_box_release_full(tracer, clear);
        return r;
}
