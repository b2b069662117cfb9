/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "tests/unit/target.h"

#include <errno.h>
#include <glib.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "helicopter/injection.h"
#include "helicopter/process.h"

int target_setup(void **state) {
        sigset_t child;

        sigemptyset(&child);
        sigaddset(&child, SIGCHLD);
        return sigprocmask(SIG_BLOCK, &child, NULL);
}

TargetShared *target_shared(void) {
        TargetShared *shared =
                mmap(NULL, sizeof(TargetShared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

        assert_ptr_not_equal(shared, MAP_FAILED);
        return shared;
}

pid_t target_start(TargetBody body, TargetShared *shared) {
        pid_t parent = getpid(), pid;
        sigset_t none;

        fflush(NULL);
        pid = fork();
        assert_true(pid >= 0);
        if (pid > 0)
                return pid;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
                _exit(125);
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        _exit(body(shared));
}

/* For what no descriptor announces: look again and again, giving way to others in between. */
static void await(bool (*reached)(const void *what), const void *what) {
        gint64 deadline = g_get_monotonic_time() + TARGET_TIMEOUT;

        while (!reached(what)) {
                assert_true(g_get_monotonic_time() < deadline);
                sched_yield();
        }
}

struct Change {
        atomic_int *value;
        int before;
};

static bool has_changed(const void *what) {
        const struct Change *change = what;

        return atomic_load(change->value) != change->before;
}

void target_await(atomic_int *value, int before) {
        await(has_changed, &(struct Change) { value, before });
}

struct Place {
        pid_t target;
        long number;
        char state;
};

static bool sleeps_in_call(const void *what) {
        const struct Place *place = what;
        g_autofree char *path = g_strdup_printf("/proc/%d/syscall", place->target);
        g_autofree char *text = NULL;

        if (!g_file_get_contents(path, &text, NULL, NULL) || !g_ascii_isdigit(*text))
                return false;
        return strtol(text, NULL, 10) == place->number;
}

void target_await_call(pid_t target, long number) {
        await(sleeps_in_call, &(struct Place) { .target = target, .number = number });
}

static bool is_in_state(const void *what) {
        const struct Place *place = what;
        ProcessStatus status;

        return process_status(place->target, &status) == 0 && status.state == place->state;
}

void target_await_state(pid_t target, char state) {
        await(is_in_state, &(struct Place) { .target = target, .state = state });
}

static bool has_woken(const void *what) {
        const TargetShared *shared = what;

        return syscall(SYS_futex, &shared->word, FUTEX_WAKE, 1, NULL, NULL, 0) == 1;
}

void target_wake(TargetShared *shared) {
        await(has_woken, shared);
}

void target_assert_exits(pid_t target, int code) {
        siginfo_t info = { 0 };
        sigset_t child;
        gint64 deadline = g_get_monotonic_time() + TARGET_TIMEOUT;

        sigemptyset(&child);
        sigaddset(&child, SIGCHLD);
        for (;;) {
                assert_int_equal(waitid(P_PID, (id_t) target, &info, WEXITED | WNOHANG), 0);
                if (info.si_pid != 0)
                        break;
                assert_true(g_get_monotonic_time() < deadline);
                sigtimedwait(&child, NULL, &(struct timespec) { .tv_sec = 1 });
        }
        assert_int_equal(info.si_code, CLD_EXITED);
        assert_int_equal(info.si_status, code);
}

void target_kill(pid_t target) {
        siginfo_t info = { 0 };

        assert_int_equal(kill(target, SIGKILL), 0);
        assert_int_equal(waitid(P_PID, (id_t) target, &info, WEXITED | __WALL), 0);
        assert_int_equal(info.si_code, CLD_KILLED);
        assert_int_equal(info.si_status, SIGKILL);
}

void target_assert_untraced(pid_t target) {
        ProcessStatus status;

        assert_int_equal(process_status(target, &status), 0);
        assert_int_equal(status.tracer, 0);
        assert_int_not_equal(status.state, 't');
}

int target_call(pid_t target, long number, long *ret_result) {
        return injection_call(target, &(Syscall) { .number = number }, TARGET_TIMEOUT, ret_result);
}

void target_assert_injectable(pid_t target) {
        Syscall close_nothing = { .number = SYS_close, .arguments = { 99999 } };
        long result = -1;

        assert_int_equal(target_call(target, SYS_getpid, &result), 0);
        assert_int_equal(result, target);
        assert_int_equal(target_call(target, SYS_getppid, &result), 0);
        assert_int_equal(result, getpid());
        assert_int_equal(injection_call(target, &close_nothing, TARGET_TIMEOUT, &result), 0);
        assert_int_equal(result, -EBADF);
        target_assert_untraced(target);
}
