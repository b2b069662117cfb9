/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A thread of its own is the tracer, for two reasons: the kernel lets a tracee go when its tracer thread ends, which is
 * the only way to let go of one that could not be stopped; and when the target cannot be left as it was, the caller can
 * stop waiting for that thread, which goes on trying.
 */

#include "helicopter/injection.h"

#include <errno.h>
#include <glib.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/remote-call.h"
#include "lib/tracee-arch.h"

/* How long the caller waits past the deadline for the tracer to leave the target as it was. */
#define GRACE (500 * G_TIME_SPAN_MILLISECOND)

/* Shared with the tracer thread, which may outlive the call: reference counted (g_atomic_rc_box). */
typedef struct Injection {
        pid_t target;
        Syscall call;
        int64_t deadline;
        pid_t tracer;
        int error;
        long result;
} Injection;

static void *tracer(void *data) {
        Injection *injection = data;

        injection->tracer = (pid_t) syscall(SYS_gettid);
        injection->error = remote_call(injection->target, &injection->call, injection->deadline, &injection->result);
        g_atomic_rc_box_release(injection);
        return NULL;
}

/* Start the tracer with all signals blocked: none of the program's handlers may run in it. */
static int start_tracer(Injection *injection, pthread_t *ret_thread) {
        sigset_t all, before;
        int r;

        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        g_atomic_rc_box_acquire(injection);
        r = pthread_create(ret_thread, NULL, tracer, injection);
        if (r != 0)
                g_atomic_rc_box_release(injection);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        return -r;
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

static int join_tracer(Injection *injection, pthread_t thread) {
        int64_t end = injection->deadline + GRACE;
        struct timespec until = { .tv_sec = end / G_USEC_PER_SEC, .tv_nsec = end % G_USEC_PER_SEC * 1000 };

        if (pthread_clockjoin_np(thread, NULL, CLOCK_MONOTONIC, &until) != 0) {
                pthread_detach(thread);
                return -ETIMEDOUT;
        }
        if (injection->error < 0)
                wait_for_end(injection->tracer);
        return injection->error;
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

static int run_tracer(Injection *injection) {
        pthread_t thread;
        int r;

        r = start_tracer(injection, &thread);
        if (r < 0)
                return r;
        r = join_tracer(injection, thread);
        /* Those of the program's other children may be among the SIGCHLD consumed, or hidden behind one: pending
         * signals merge. */
        kill(getpid(), SIGCHLD);
        return r;
}

int injection_call(pid_t target, const Syscall *call, uint64_t timeout, long *ret_result) {
        Injection *injection;
        int r;

        if (!tracee_arch_syscall_instruction)
                return -EOPNOTSUPP;
        r = check_signals();
        if (r < 0)
                return r;
        r = remote_call_check(target);
        if (r < 0)
                return r;
        injection = g_atomic_rc_box_new0(Injection);
        injection->target = target;
        injection->call = *call;
        injection->deadline = g_get_monotonic_time() + (int64_t) MIN(timeout, (uint64_t) G_TIME_SPAN_DAY);
        r = run_tracer(injection);
        if (r == 0)
                *ret_result = injection->result;
        g_atomic_rc_box_release(injection);
        return r;
}

/* The target's kernel-side view of a pid is that of its own pid namespace: in another one, the number names somebody
 * else. */
static int check_namespace(pid_t target) {
        g_autofree char *path = g_strdup_printf("/proc/%d/ns/pid", target);
        struct stat theirs, ours;

        if (stat(path, &theirs) < 0)
                return errno == ENOENT ? -ESRCH : -errno;
        if (stat("/proc/thread-self/ns/pid", &ours) < 0)
                return -errno;
        return theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino ? 0 : -EOPNOTSUPP;
}

int injection_set_ptracer(pid_t target, pid_t tracer_pid, uint64_t timeout) {
        Syscall call = {
                .number = SYS_prctl,
                .arguments = { PR_SET_PTRACER, (unsigned long) tracer_pid },
        };
        long result = 0;
        int r;

        if (tracer_pid < 0) /* -1 would be PR_SET_PTRACER_ANY */
                return -EINVAL;
        if (tracer_pid != 0) {
                r = check_namespace(target);
                if (r < 0)
                        return r;
        }
        r = injection_call(target, &call, timeout, &result);
        return r < 0 ? r : (int) result;
}
