/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* tracer-thread.c without a target: what its thread is like. The rest is in test-injection-limits.c. */

#include "test.h"

#include <errno.h>
#include <glib.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/tracee-arch.h"
#include "lib/tracer-thread.h"

#define TIMEOUT (10 * G_USEC_PER_SEC)

typedef struct Attributes {
        uint32_t size, policy;
        uint64_t flags;
        int32_t nice;
        uint32_t priority;
        uint64_t runtime, deadline, period;
} Attributes;

typedef struct Seen {
        Attributes attributes;
        sigset_t mask;
} Seen;

static void get(Attributes *ret_attributes) {
        *ret_attributes = (Attributes) { .size = sizeof(Attributes) };
        assert_int_equal(syscall(SYS_sched_getattr, 0, ret_attributes, sizeof(Attributes), 0), 0);
}

static int look(void *data, int64_t deadline) {
        Seen *seen = data;

        get(&seen->attributes);
        pthread_sigmask(SIG_SETMASK, NULL, &seen->mask);
        return deadline > g_get_monotonic_time() ? 0 : -ETIME;
}

static int set_up(void **state) {
        sigset_t child;

        sigemptyset(&child);
        sigaddset(&child, SIGCHLD);
        sigprocmask(SIG_BLOCK, &child, NULL);
        *state = g_atomic_rc_box_new0(Seen);
        return 0;
}

static int tear_down(void **state) {
        g_atomic_rc_box_release(*state);
        return 0;
}

/* The tracer has a short slice where the kernel has such (the runtime it tells of an ordinary thread, since Linux 6.12). */
static void test_slice(void **state) {
        Attributes before, after;
        Seen *seen = *state;

        get(&before);
        if (!tracee_arch_syscall_instruction) {
                assert_int_equal(tracer_thread_run(look, seen, TIMEOUT), -EOPNOTSUPP);
                return;
        }
        assert_int_equal(tracer_thread_run(look, seen, TIMEOUT), 0);
        get(&after);
        assert_memory_equal(&before, &after, sizeof before);
        assert_int_equal(seen->attributes.runtime, MIN(before.runtime, 100000));
        assert_int_equal(seen->attributes.nice, before.nice);
        assert_int_equal(seen->attributes.policy, before.policy);
        assert_true(sigismember(&seen->mask, SIGTERM));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_slice, set_up, tear_down),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
