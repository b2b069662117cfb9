/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "helicopter/thread-call.h"

#include <errno.h>
#include <glib.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/unit/target.h"

static struct pollfd no_descriptor = { .fd = -1 };

static int body_poll(TargetShared *shared) {
        return poll(&no_descriptor, 1, 1000 * 1000) == 0 ? 0 : 1;
}

static int body_futex(TargetShared *shared) {
        struct timespec until = { .tv_sec = 1000000 };

        return (int) syscall(SYS_futex, &shared->word, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, 0, &until, NULL,
                FUTEX_BITSET_MATCH_ANY);
}

static int body_sleep(TargetShared *shared) {
        return (int) sleep(1000);
}

static int body_poll_without_limit(TargetShared *shared) {
        return poll(&no_descriptor, 1, -1) == 0 ? 0 : 1;
}

static int body_spin(TargetShared *shared) {
        while (!atomic_load(&shared->go))
                atomic_fetch_add(&shared->count, 1);
        return 0;
}

static void test_blocked(void **state) {
        TargetShared *shared = target_shared();
        pid_t target = target_start(body_poll, shared);
        ThreadCall call;

        target_await_call(target, SYS_poll);
        assert_int_equal(thread_call_read(target, target, &call), 0);
        assert_true(call.blocked);
        assert_int_equal(call.number, SYS_poll);
        assert_int_equal(call.arguments[0], (uint64_t) (uintptr_t) &no_descriptor);
        assert_int_equal(call.arguments[1], 1);
        assert_int_equal(call.arguments[2], 1000 * 1000);
        assert_int_not_equal(call.stack_pointer, 0);
        assert_int_not_equal(call.program_counter, 0);
        target_kill(target);
}

/* The kernel restarts these under another number once they have been interrupted. */
static void test_restarted(void **state) {
        const struct {
                TargetBody body;
                long number;
        } calls[] = {
                { body_poll, SYS_poll },
                { body_poll_without_limit, SYS_poll },
                { body_futex, SYS_futex },
                { body_sleep, SYS_clock_nanosleep },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(calls); i++) {
                TargetShared *shared = target_shared();
                pid_t target = target_start(calls[i].body, shared);
                ThreadCall before, after;

                target_await_call(target, calls[i].number);
                assert_int_equal(thread_call_read(target, target, &before), 0);
                assert_int_equal(before.number, calls[i].number);
                target_assert_injectable(target);
                target_await_call(target, SYS_restart_syscall);
                assert_int_equal(thread_call_read(target, target, &after), 0);
                assert_memory_equal(&before, &after, sizeof(before));
                target_kill(target);
        }
}

static void test_running(void **state) {
        TargetShared *shared = target_shared();
        pid_t target = target_start(body_spin, shared);
        ThreadCall call = { .number = 4711 };

        target_await(&shared->count, 0);
        assert_int_equal(thread_call_read(target, target, &call), 0);
        assert_false(call.blocked);
        assert_int_equal(call.number, 0);
        target_kill(target);
}

static void test_gone(void **state) {
        ThreadCall call = { .number = 4711 };

        assert_int_equal(thread_call_read(getpid(), 0x7ffffff0, &call), -ESRCH);
        assert_int_equal(thread_call_read(0x7ffffff0, 0x7ffffff0, &call), -ESRCH);
        assert_int_equal(call.number, 4711);
}

static void test_names(void **state) {
        assert_string_equal(thread_call_name(SYS_read), "read");
        assert_string_equal(thread_call_name(SYS_epoll_pwait), "epoll_pwait");
        assert_null(thread_call_name(-1));
        assert_null(thread_call_name(100000));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_blocked),
                cmocka_unit_test(test_restarted),
                cmocka_unit_test(test_running),
                cmocka_unit_test(test_gone),
                cmocka_unit_test(test_names),
        };

        return cmocka_run_group_tests(tests, target_setup, NULL);
}
