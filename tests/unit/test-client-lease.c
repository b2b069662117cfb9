/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <poll.h>
#include <unistd.h>

#include "client-daemon.h"
#include "client/lease.h"
#include "helicopter/bus-names.h"
#include "helicopter/cleanup.h"
#include "helicopter/error.h"

#define JOB HELICOPTER_JOB_PREFIX "/x"
#define PATIENCE (60 * G_USEC_PER_SEC)

typedef struct Fixture {
        FakeDaemon *daemon;
        JobWatch *watch;
        Connection *connection;
        bool busy;
        int lease; /* the daemon's end */
        GString *asked;
} Fixture;

/* "target name=value …" */
static void note(Fixture *fixture, sd_bus_message *call) {
        const char *name, *type, *text;
        uint32_t target;
        int flag;

        assert_true(sd_bus_message_read(call, "u", &target) > 0);
        g_string_printf(fixture->asked, "%u", target);
        assert_true(sd_bus_message_enter_container(call, 'a', "{sv}") > 0);
        while (sd_bus_message_enter_container(call, 'e', "sv") > 0) {
                assert_true(sd_bus_message_read(call, "s", &name) > 0);
                assert_true(sd_bus_message_peek_type(call, NULL, &type) > 0);
                if (g_str_equal(type, "b")) {
                        assert_true(sd_bus_message_read(call, "v", "b", &flag) > 0);
                        g_string_append_printf(fixture->asked, " %s=%d", name, flag);
                } else {
                        assert_true(sd_bus_message_read(call, "v", "s", &text) > 0);
                        g_string_append_printf(fixture->asked, " %s=%s", name, text);
                }
                assert_true(sd_bus_message_exit_container(call) > 0);
        }
}

static int answer(sd_bus_message *call, void *userdata) {
        Fixture *fixture = userdata;
        autofd theirs = -1;
        int ends[2];

        if (!sd_bus_message_is_method_call(call, HELICOPTER_JOB_INTERFACE, "Grant"))
                return 0;
        note(fixture, call);
        if (fixture->busy)
                return sd_bus_reply_method_errorf(call, HELICOPTER_ERROR_TRACER_BUSY, "Somebody has it.");
        assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
        fixture->lease = ends[0];
        theirs = ends[1];
        return sd_bus_reply_method_return(call, "h", theirs);
}

static int set_up(void **state) {
        Fixture *fixture = g_new0(Fixture, 1);

        fixture->lease = -1;
        fixture->asked = g_string_new(NULL);
        fixture->daemon = fake_daemon_start(answer, fixture, &fixture->connection);
        fixture->watch = g_new0(JobWatch, 1);
        fixture->watch->connection = fixture->connection;
        fixture->watch->info = job_info_new(JOB);
        *state = fixture;
        return 0;
}

static int tear_down(void **state) {
        Fixture *fixture = *state;

        job_watch_free(fixture->watch);
        connection_free(fixture->connection);
        fake_daemon_stop(fixture->daemon);
        close_fd(&fixture->lease);
        g_string_free(fixture->asked, TRUE);
        g_free(fixture);
        return 0;
}

static int take(Fixture *fixture, LeaseRequest request, sd_bus_error *error) {
        request.deadline = (uint64_t) g_get_monotonic_time() + PATIENCE;
        return lease_take(fixture->watch, &request, error);
}

/* It stands by itself: closing it is what ends it. */
static void test_taken(void **state) {
        Fixture *fixture = *state;
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        int lease = take(fixture, (LeaseRequest) {}, &error);
        struct pollfd fd = { .fd = fixture->lease };

        assert_true(lease >= 0);
        assert_true(fcntl(lease, F_GETFD) & FD_CLOEXEC);
        assert_string_equal(fixture->asked->str, "0");
        assert_int_equal(poll(&fd, 1, 0), 0);
        close(lease);
        assert_int_equal(poll(&fd, 1, PATIENCE / 1000), 1);
        assert_true(fd.revents & POLLHUP);
}

static void test_options(void **state) {
        const LeaseRequest request = {
                .target = 77, .force = true, .python = true, .reserve = true, .via = "remote-exec"
        };
        Fixture *fixture = *state;
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        autofd lease = take(fixture, request, &error);

        assert_true(lease >= 0);
        assert_string_equal(fixture->asked->str, "77 force=1 python=1 permit=0 via=remote-exec");
}

static void test_refused(void **state) {
        Fixture *fixture = *state;
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;

        fixture->busy = true;
        assert_int_equal(take(fixture, (LeaseRequest) {}, &error), -EBUSY);
        assert_true(sd_bus_error_has_name(&error, HELICOPTER_ERROR_TRACER_BUSY));
        assert_string_equal(error.message, "Somebody has it.");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_taken, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_options, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_refused, set_up, tear_down),
        };

        error_register();
        return cmocka_run_group_tests_name("client-lease", tests, NULL, NULL);
}
