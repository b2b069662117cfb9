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

/* The other end of a pipe tells. */
static void assert_closes(void) {
        struct pollfd reader = { .events = POLLIN };
        int fds[2];

        assert_int_equal(pipe(fds), 0);
        reader.fd = fds[0];
        close_aside(&fds[1]);
        assert_int_equal(fds[1], -1);
        assert_int_equal(poll(&reader, 1, 10000), 1);
        assert_true(reader.revents & POLLHUP);
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

static void test_nothing(void **state) {
        int fd = -1;

        close_aside(&fd);
        assert_int_equal(fd, -1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_closes),
                cmocka_unit_test(test_without_a_thread),
                cmocka_unit_test(test_nothing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
