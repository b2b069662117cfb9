/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* tracer-thread.c without a target: what its thread is like. The rest is in test-injection-limits.c. */

#include "test.h"

#include <errno.h>
#include <glib.h>
#include <signal.h>

#include "lib/tracee-arch.h"
#include "lib/tracer-thread.h"

#define TIMEOUT (60 * G_USEC_PER_SEC)

typedef struct Seen {
        sigset_t mask;
} Seen;

static int look(void *data, int64_t deadline) {
        Seen *seen = data;

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

/* No signal of the program's is handled in it. */
static void test_signals(void **state) {
        Seen *seen = *state;

        if (!tracee_arch_syscall_instruction) {
                assert_int_equal(tracer_thread_run(look, seen, TIMEOUT), -EOPNOTSUPP);
                return;
        }
        assert_int_equal(tracer_thread_run(look, seen, TIMEOUT), 0);
        assert_true(sigismember(&seen->mask, SIGTERM));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_signals, set_up, tear_down),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
