/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include "parent/close-aside.h"

static bool no_threads;

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *data);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *data);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *data) {
        return no_threads ? EAGAIN : __real_pthread_create(thread, attributes, run, data);
}

/* Closing in a thread takes until `gate`, the reading end of a pipe, hangs up. */
static int gate = -1;
static pthread_t main_thread;

int __real_close(int fd);
int __wrap_close(int fd);
int __wrap_close(int fd) {
        struct pollfd held = { .fd = gate };

        if (gate >= 0 && !pthread_equal(pthread_self(), main_thread))
                poll(&held, 1, 10000);
        return __real_close(fd);
}

static bool is_closed(int reader, int timeout) {
        struct pollfd other = { .fd = reader, .events = POLLIN };

        return poll(&other, 1, timeout) == 1 && (other.revents & POLLHUP);
}

/* The other end of a pipe tells. */
static void assert_closes(void) {
        int fds[2];

        assert_int_equal(pipe(fds), 0);
        close_aside(&fds[1]);
        assert_int_equal(fds[1], -1);
        assert_true(is_closed(fds[0], 10000));
        close(fds[0]);
}

static void test_closes(void **state) {
        no_threads = false;
        assert_closes();
}

static void test_without_a_thread(void **state) {
        no_threads = true;
        assert_closes();
        no_threads = false;
}

/* One more than may be under way is closed at once, by the caller. */
static void test_no_more_than_the_bound(void **state) {
        int fds[CLOSE_ASIDE_MAX + 1][2], gates[2];

        assert_int_equal(pipe(gates), 0);
        gate = gates[0];
        for (size_t i = 0; i <= CLOSE_ASIDE_MAX; i++) {
                assert_int_equal(pipe(fds[i]), 0);
                close_aside(&fds[i][1]);
        }
        assert_true(is_closed(fds[CLOSE_ASIDE_MAX][0], 0));
        for (size_t i = 0; i < CLOSE_ASIDE_MAX; i++)
                assert_false(is_closed(fds[i][0], 0));
        close(gates[1]);
        for (size_t i = 0; i < CLOSE_ASIDE_MAX; i++)
                assert_true(is_closed(fds[i][0], 10000));
        gate = -1;
        close(gates[0]);
        for (size_t i = 0; i <= CLOSE_ASIDE_MAX; i++)
                close(fds[i][0]);
}

static void test_nothing(void **state) {
        int fd = -1;

        close_aside(&fd);
        assert_int_equal(fd, -1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_no_more_than_the_bound),
                cmocka_unit_test(test_closes),
                cmocka_unit_test(test_without_a_thread),
                cmocka_unit_test(test_nothing),
        };

        main_thread = pthread_self();
        return cmocka_run_group_tests(tests, NULL, NULL);
}
