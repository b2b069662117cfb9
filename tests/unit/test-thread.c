/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>

#include "helicopter/thread.h"

static bool no_threads;

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *data);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *data);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *data) {
        return no_threads ? EAGAIN : __real_pthread_create(thread, attributes, run, data);
}

static void *read_mask(void *data) {
        pthread_sigmask(SIG_SETMASK, NULL, data);
        return data;
}

static void assert_only_usr1_is_blocked(void) {
        sigset_t mask;

        read_mask(&mask);
        assert_int_equal(sigismember(&mask, SIGUSR1), 1);
        assert_int_equal(sigismember(&mask, SIGTERM), 0);
}

static void test_signals(void **state) {
        sigset_t mask;
        pthread_t thread;
        void *result;

        sigemptyset(&mask);
        assert_int_equal(thread_start(&thread, read_mask, &mask), 0);
        assert_int_equal(pthread_join(thread, &result), 0);
        assert_ptr_equal(result, &mask);
        assert_int_equal(sigismember(&mask, SIGUSR1), 1);
        assert_int_equal(sigismember(&mask, SIGTERM), 1);
        assert_only_usr1_is_blocked();
}

static void test_no_thread(void **state) {
        pthread_t none = pthread_self(), thread = none;

        no_threads = true;
        assert_int_equal(thread_start(&thread, read_mask, NULL), -EAGAIN);
        no_threads = false;
        assert_true(pthread_equal(thread, none));
        assert_only_usr1_is_blocked();
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_signals),
                cmocka_unit_test(test_no_thread),
        };
        sigset_t mask;

        sigemptyset(&mask);
        sigaddset(&mask, SIGUSR1);
        pthread_sigmask(SIG_SETMASK, &mask, NULL);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
