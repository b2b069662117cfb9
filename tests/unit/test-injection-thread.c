/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Processes that are not their main thread alone: it has ended, or has lent its memory to a vfork child. */

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "helicopter/injection.h"
#include "helicopter/process.h"
#include "helicopter/yama.h"
#include "tests/unit/target.h"

#define SHORT_TIMEOUT (100 * 1000)

static void *stay(void *data) {
        TargetShared *shared = data;

        atomic_store(&shared->ready, (int) syscall(SYS_gettid));
        while (!atomic_load(&shared->go))
                sched_yield();
        _exit(23);
}

static int body_leave(TargetShared *shared) {
        pthread_t thread;

        if (pthread_create(&thread, NULL, stay, shared) != 0)
                return 1;
        pthread_exit(NULL);
}

static void test_main_thread_has_ended(void **state) {
        int expected = yama_ptrace_scope() >= 0 ? 0 : -EINVAL;
        TargetShared *shared = target_shared();
        pid_t target = target_start(body_leave, shared);
        long result = 4711;

        target_await(&shared->ready, 0);
        target_await_state(target, 'Z');
        for (int i = 0; i < 20; i++) {
                assert_int_equal(target_call(target, SYS_getpid, &result), -ESRCH);
                assert_int_equal(result, 4711);
                assert_int_equal(injection_set_ptracer(target, getpid(), TARGET_TIMEOUT), expected);
                assert_int_equal(injection_set_ptracer(target, 0, TARGET_TIMEOUT), expected);
        }
        atomic_store(&shared->go, 1);
        target_assert_exits(target, 23);
}

static int body_return(TargetShared *shared) {
        return 17;
}

/* With no thread left it is the end of the process. */
static void test_zombie(void **state) {
        pid_t target = target_start(body_return, NULL);

        target_await_state(target, 'Z');
        assert_int_equal(injection_set_ptracer(target, getpid(), TARGET_TIMEOUT), -ESRCH);
        target_assert_exits(target, 17);
        assert_int_equal(injection_set_ptracer(target, getpid(), TARGET_TIMEOUT), -ESRCH);
}

static int pipe_fds[2];

static int body_vfork(TargetShared *shared) {
        pid_t child = vfork();

        if (child == 0) {
                char c;

                _exit(read(pipe_fds[0], &c, 1) == 1 ? 0 : 1);
        }
        return child > 0 ? 0 : 1;
}

static pid_t child_of(pid_t target) {
        g_autofree pid_t *children = NULL;

        assert_int_equal(process_descendants(target, 10, &children), 1);
        return children[0];
}

/* The child, which has the memory of its parent for now, can be stopped; its parent cannot, and nothing is left of the attempt. */
static void test_vfork(void **state) {
        pid_t target, child;
        long result;

        assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
        target = target_start(body_vfork, NULL);
        target_await_state(target, 'D');
        child = child_of(target);
        target_await_call(child, SYS_read);
        for (int i = 0; i < 3; i++) {
                gint64 began;

                assert_int_equal(target_call(child, SYS_getpid, &result), 0);
                assert_int_equal(result, child);
                assert_int_equal(target_call(child, SYS_getppid, &result), 0);
                assert_int_equal(result, target);
                target_assert_untraced(child);
                began = g_get_monotonic_time();
                assert_int_equal(injection_set_ptracer(target, 0, SHORT_TIMEOUT), -ETIMEDOUT);
                assert_true(g_get_monotonic_time() - began < 2 * SHORT_TIMEOUT + G_USEC_PER_SEC);
                target_assert_untraced(target);
        }
        target_await_call(child, SYS_read);
        assert_int_equal(write(pipe_fds[1], "x", 1), 1);
        target_assert_exits(target, 0);
        close(pipe_fds[0]);
        close(pipe_fds[1]);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_main_thread_has_ended),
                cmocka_unit_test(test_zombie),
                cmocka_unit_test(test_vfork),
        };

        return cmocka_run_group_tests(tests, target_setup, NULL);
}
