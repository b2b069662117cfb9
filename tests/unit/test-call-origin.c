/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "helicopter/cleanup.h"
#include "parent/call-origin.h"

#define UNWINDER 4711
#define LIBC_READ "/usr/lib/libc.so.6\tread\t\n"
#define PYTHON "/usr/bin/python3.14\t_PyEval\tpython\n"

static const ThreadCall read_call = { .blocked = true, .number = SYS_read };

static int start_result;
static int unwinder = -1; /* its end of the pipe */

/* It is not looked at here. */
static const WakeSnapshot *const snapshot = (const WakeSnapshot *) &read_call;

int __wrap_wake_origin_start(const WakeSnapshot *given, pid_t *ret_pid, int *ret_output);
int __wrap_wake_origin_start(const WakeSnapshot *given, pid_t *ret_pid, int *ret_output) {
        int fds[2];

        assert_ptr_equal(given, snapshot);
        if (start_result < 0)
                return start_result;
        assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
        *ret_pid = UNWINDER;
        *ret_output = fds[0];
        unwinder = fds[1];
        return 0;
}

typedef struct Fixture {
        Supervisor supervisor;
        CallOrigin *origin;
        unsigned times; /* that it was found */
        bool python;
        char *caller;
} Fixture;

static void on_found(bool python, const char *caller, void *userdata) {
        Fixture *fixture = userdata;

        fixture->times++;
        fixture->python = python;
        fixture->origin = call_origin_free(fixture->origin);
        fixture->caller = g_strdup(caller); /* is valid all the same */
}

static int set_up(void **state) {
        Fixture *fixture = g_new0(Fixture, 1);

        start_result = 0;
        fixture->supervisor.helpers = g_hash_table_new(NULL, NULL);
        *state = fixture;
        return sd_event_new(&fixture->supervisor.event);
}

static int tear_down(void **state) {
        Fixture *fixture = *state;

        call_origin_free(fixture->origin);
        sd_event_unref(fixture->supervisor.event);
        g_hash_table_unref(fixture->supervisor.helpers);
        g_free(fixture->caller);
        g_free(fixture);
        close_fd(&unwinder);
        return 0;
}

static int find(Fixture *fixture) {
        return call_origin_find(&fixture->supervisor, snapshot, &read_call, &fixture->origin);
}

static void say(const char *text, size_t size) {
        assert_int_equal(write(unwinder, text, size), size);
}

static void run(Fixture *fixture) {
        while (sd_event_run(fixture->supervisor.event, 0) > 0)
                ;
}

/* In pieces, and the end is what counts. */
static void assert_found(Fixture *fixture, const char *output, bool python, const char *caller) {
        assert_int_equal(find(fixture), 0);
        assert_int_equal(call_origin_listen(fixture->origin, on_found, fixture), 0);
        assert_true(supervisor_is_helper(&fixture->supervisor, UNWINDER));
        run(fixture);
        say(output, 10);
        run(fixture);
        say(output + 10, strlen(output) - 10);
        run(fixture);
        assert_int_equal(fixture->times, 0);
        close_fd(&unwinder);
        run(fixture);
        assert_int_equal(fixture->times, 1);
        assert_int_equal(fixture->python, python);
        assert_null(fixture->origin);
        if (caller)
                assert_string_equal(fixture->caller, caller);
        else
                assert_null(fixture->caller);
}

static void test_python(void **state) {
        assert_found(*state, LIBC_READ PYTHON, true, NULL);
}

static void test_library(void **state) {
        assert_found(*state, LIBC_READ "/usr/lib/libzmq.so.5\tzmq_recv\t\n", false, "libzmq.so.5");
}

static void test_unknown(void **state) {
        assert_found(*state, LIBC_READ, false, NULL);
}

/* More than is read: what has come before is judged, without waiting for an end. */
static void test_too_long(void **state) {
        Fixture *fixture = *state;
        g_autofree char *much = g_strnfill(WAKE_ORIGIN_MAX + 1, 'x');

        assert_int_equal(find(fixture), 0);
        assert_int_equal(call_origin_listen(fixture->origin, on_found, fixture), 0);
        say(much, WAKE_ORIGIN_MAX);
        run(fixture);
        assert_int_equal(fixture->times, 0);
        say(much, 1);
        run(fixture);
        assert_int_equal(fixture->times, 1);
        assert_false(fixture->python);
}

/* It is told all the same, by the event loop. */
static void test_found_before_it_is_listened_to(void **state) {
        Fixture *fixture = *state;

        assert_int_equal(find(fixture), 0);
        say(LIBC_READ PYTHON, strlen(LIBC_READ PYTHON));
        close_fd(&unwinder);
        run(fixture);
        assert_int_equal(call_origin_listen(fixture->origin, on_found, fixture), 0);
        assert_int_equal(fixture->times, 0);
        run(fixture);
        assert_int_equal(fixture->times, 1);
        assert_true(fixture->python);
}

static void test_freed_before_it_is_told(void **state) {
        Fixture *fixture = *state;

        assert_int_equal(find(fixture), 0);
        close_fd(&unwinder);
        run(fixture);
        assert_int_equal(call_origin_listen(fixture->origin, on_found, fixture), 0);
        fixture->origin = call_origin_free(fixture->origin);
        run(fixture);
        assert_int_equal(fixture->times, 0);
}

/* Its output is closed, which ends it. */
static void test_freed_before(void **state) {
        Fixture *fixture = *state;
        struct pollfd poller = { 0 };

        assert_int_equal(find(fixture), 0);
        assert_int_equal(call_origin_listen(fixture->origin, on_found, fixture), 0);
        poller.fd = unwinder;
        assert_int_equal(poll(&poller, 1, 0), 0);
        fixture->origin = call_origin_free(fixture->origin);
        assert_int_equal(poll(&poller, 1, 0), 1);
        assert_true(poller.revents & POLLERR);
        run(fixture);
        assert_int_equal(fixture->times, 0);
}

static void test_cannot_be_started(void **state) {
        Fixture *fixture = *state;

        start_result = -ENOENT;
        assert_int_equal(find(fixture), -ENOENT);
        assert_null(fixture->origin);
        assert_int_equal(g_hash_table_size(fixture->supervisor.helpers), 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_python, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_library, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_unknown, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_too_long, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_found_before_it_is_listened_to, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_freed_before_it_is_told, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_freed_before, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_cannot_be_started, set_up, tear_down),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
