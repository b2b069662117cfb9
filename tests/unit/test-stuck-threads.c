/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include <errno.h>
#include <sys/syscall.h>

#include "parent/stuck-threads.h"

#define PID 100

/* Of thread 102. */
static ThreadCall seen;

int __wrap_thread_call_read(pid_t pid, pid_t tid, ThreadCall *ret_call);
int __wrap_thread_call_read(pid_t pid, pid_t tid, ThreadCall *ret_call) {
        assert_int_equal(pid, PID);
        if (tid != 102)
                return -ESRCH;
        *ret_call = seen;
        return 0;
}

static ThreadCall in_call(long number, uint64_t stack_pointer) {
        return (ThreadCall) { .blocked = true, .number = number, .stack_pointer = stack_pointer };
}

/* Another thread, another call and another place of the stack are each something else. */
static void test_the_very_call(void **state) {
        g_autoptr(GArray) stuck = stuck_threads_new();
        const ThreadCall call = in_call(SYS_futex, 0x1000);
        const ThreadCall other_call = in_call(SYS_read, 0x1000), other_place = in_call(SYS_futex, 0x2000);

        assert_false(stuck_threads_has(stuck, 102, &call));
        stuck_threads_add(stuck, 102, &call);
        assert_true(stuck_threads_has(stuck, 102, &call));
        assert_false(stuck_threads_has(stuck, 103, &call));
        assert_false(stuck_threads_has(stuck, 102, &other_call));
        assert_false(stuck_threads_has(stuck, 102, &other_place));
        stuck_threads_add(stuck, 102, &other_place);
        assert_true(stuck_threads_has(stuck, 102, &call));
        assert_true(stuck_threads_has(stuck, 102, &other_place));
}

static void test_bounded(void **state) {
        g_autoptr(GArray) stuck = stuck_threads_new();
        const ThreadCall call = in_call(SYS_futex, 0x1000);

        for (pid_t tid = 1; tid <= STUCK_THREADS_MAX; tid++) {
                stuck_threads_add(stuck, tid, &call);
                stuck_threads_add(stuck, 1, &call); /* takes no room */
        }
        assert_true(stuck_threads_has(stuck, 1, &call));
        assert_true(stuck_threads_has(stuck, STUCK_THREADS_MAX, &call));
        stuck_threads_add(stuck, STUCK_THREADS_MAX + 1, &call);
        assert_false(stuck_threads_has(stuck, 1, &call));
        assert_true(stuck_threads_has(stuck, STUCK_THREADS_MAX + 1, &call));
}

static void test_may_run(void **state) {
        g_autoptr(GArray) stuck = stuck_threads_new();

        seen = (ThreadCall) { .blocked = false };
        assert_true(stuck_threads_may_run(stuck, PID, 102));
        assert_false(stuck_threads_may_run(stuck, PID, 103)); /* gone */
        seen = in_call(SYS_read, 0x1000);
        assert_true(stuck_threads_may_run(stuck, PID, 102));
        stuck_threads_add(stuck, 102, &seen);
        assert_false(stuck_threads_may_run(stuck, PID, 102));
        seen.stack_pointer++;
        assert_true(stuck_threads_may_run(stuck, PID, 102));
        seen = in_call(SYS_futex, 0x1000); /* a lock */
        assert_false(stuck_threads_may_run(stuck, PID, 102));
        seen = in_call(SYS_reboot, 0x1000); /* not known */
        assert_false(stuck_threads_may_run(stuck, PID, 102));
}

/* It runs, where it was seen to run but not to take the script. */
static void test_stuck_while_it_runs(void **state) {
        g_autoptr(GArray) stuck = stuck_threads_new();

        seen = (ThreadCall) { .blocked = false };
        stuck_threads_add(stuck, 102, &seen);
        assert_false(stuck_threads_may_run(stuck, PID, 102));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_very_call),
                cmocka_unit_test(test_bounded),
                cmocka_unit_test(test_may_run),
                cmocka_unit_test(test_stuck_while_it_runs),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
