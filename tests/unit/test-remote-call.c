/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Each ptrace request of an injection fails in turn. Whatever the answer is then, the target goes on with its own
 * registers, and nobody traces it.
 */

#include <errno.h>
#include <glib.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "helicopter/injection.h"
#include "tests/unit/target.h"

long __real_ptrace(int request, ...);
long __wrap_ptrace(int request, ...);

/* The requests from fail_from on fail, fail_count of them. Counted by the tracer thread, read when it has ended. */
static int requests, fail_from, fail_count, fail_error;
/* A stop signal for the target just before this request. */
static int signal_before;
static pid_t signal_target;

long __wrap_ptrace(int request, ...) {
        va_list ap;
        void *address, *data;
        pid_t pid;

        va_start(ap, request);
        pid = va_arg(ap, pid_t);
        address = va_arg(ap, void *);
        data = va_arg(ap, void *);
        va_end(ap);

        requests++;
        if (requests == signal_before)
                sigqueue(signal_target, SIGRTMIN, (union sigval) { .sival_int = 0 });
        if (requests >= fail_from && requests < fail_from + fail_count) {
                errno = fail_error;
                return -1;
        }
        return __real_ptrace(request, pid, address, data);
}

static int body_sleep(TargetShared *shared) {
        atomic_store(&shared->ready, 1);
        return syscall(SYS_futex, &shared->word, FUTEX_WAIT, 0, NULL, NULL, 0) == 0 ? 0 : 1;
}

/* The sum would not come out right if a register changed under it. */
static int body_compute(TargetShared *shared) {
        while (!atomic_load(&shared->go)) {
                unsigned long sum = 0;

                for (unsigned long i = 0; i < 10000; i++) {
                        sum += i;
                        __asm__ volatile("" : "+r"(sum), "+r"(i));
                }
                if (sum != 49995000)
                        return 1;
                atomic_fetch_add(&shared->count, 1);
        }
        return 0;
}

static void reset(int from, int count, int error) {
        requests = 0;
        fail_from = from;
        fail_count = count;
        fail_error = error;
}

/* Injections in which the first, second … request fails, until one needs fewer requests than that. */
static void fail_each(pid_t target, int count, int error) {
        int failures = 0;
        bool all = false;

        for (int from = 1; !all; from++) {
                long result = 4711;
                int r;

                assert_true(from < 100);
                reset(from, count, error);
                r = target_call(target, SYS_getpid, &result);
                all = requests < from;
                reset(0, 0, 0);
                assert_int_equal(result, r == 0 ? target : 4711);
                target_assert_untraced(target);
                failures += r < 0;
        }
        assert_true(failures >= 5);
        target_assert_injectable(target);
}

static void test_blocked_target(void **state) {
        TargetShared *shared = target_shared();
        pid_t target = target_start(body_sleep, shared);

        target_await(&shared->ready, 0);
        for (int count = 1; count <= 2; count++) {
                target_await_call(target, SYS_futex);
                fail_each(target, count, EIO);
        }
        target_wake(shared);
        target_assert_exits(target, 0);
}

static void test_computing_target(void **state) {
        TargetShared *shared = target_shared();
        pid_t target = target_start(body_compute, shared);

        target_await(&shared->count, 0);
        for (int i = 0; i < 20; i++)
                for (int count = 1; count <= 2; count++) {
                        fail_each(target, count, EIO);
                        target_await(&shared->count, atomic_load(&shared->count));
                }
        atomic_store(&shared->go, 1);
        target_assert_exits(target, 0);
}

static TargetShared *handler_shared;

static void count_signal(int signal) {
        atomic_fetch_add(&handler_shared->bad, 1);
}

static int body_handle(TargetShared *shared) {
        handler_shared = shared;
        signal(SIGRTMIN, count_signal);
        return body_compute(shared);
}

/* A signal arrives before each request in turn. */
static void test_signal_before_each(void **state) {
        TargetShared *shared = target_shared();
        pid_t target = target_start(body_handle, shared);
        int sent = 0;

        target_await(&shared->count, 0);
        signal_target = target;
        for (int round = 0; round < 20; round++)
                for (int i = 1; i < 20; i++) {
                        long result;

                        reset(0, 0, 0);
                        signal_before = i;
                        assert_int_equal(target_call(target, SYS_getpid, &result), 0);
                        assert_int_equal(result, target);
                        sent += requests >= i;
                        signal_before = 0;
                }
        assert_true(sent >= 100);
        while (atomic_load(&shared->bad) < sent)
                target_await(&shared->bad, atomic_load(&shared->bad));
        target_await(&shared->count, atomic_load(&shared->count));
        assert_int_equal(atomic_load(&shared->bad), sent);
        atomic_store(&shared->go, 1);
        target_assert_exits(target, 0);
}

/* The same, and from there on the requests of one kind fail as well: the signal is not lost with them. */
static void test_signal_and_failure(void **state) {
        TargetShared *shared = target_shared();
        pid_t target = target_start(body_handle, shared);
        int sent = 0;

        target_await(&shared->count, 0);
        signal_target = target;
        for (int at = 1; at < 20; at++)
                for (int from = 1; from < 25; from++) {
                        long result;

                        reset(from, 1, EIO);
                        signal_before = at;
                        target_call(target, SYS_getpid, &result);
                        sent += requests >= at;
                        signal_before = 0;
                        reset(0, 0, 0);
                        target_assert_untraced(target);
                }
        while (atomic_load(&shared->bad) < sent)
                target_await(&shared->bad, atomic_load(&shared->bad));
        target_await(&shared->count, atomic_load(&shared->count));
        assert_int_equal(atomic_load(&shared->bad), sent);
        atomic_store(&shared->go, 1);
        target_assert_exits(target, 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_blocked_target),
                cmocka_unit_test(test_computing_target),
                cmocka_unit_test(test_signal_before_each),
                cmocka_unit_test(test_signal_and_failure),
        };

        return cmocka_run_group_tests(tests, target_setup, NULL);
}
