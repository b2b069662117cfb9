/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include <glib.h>

#include "client-daemon.h"
#include "client/process-list.h"
#include "helicopter/bus-names.h"
#include "helicopter/error.h"

#define JOB HELICOPTER_JOB_PREFIX "/x"

typedef struct Fixture {
        FakeDaemon *daemon;
        JobWatch *watch;
        Connection *connection;
        bool fails;
} Fixture;

static int answer(sd_bus_message *call, void *userdata) {
        const Fixture *fixture = userdata;

        if (!sd_bus_message_is_method_call(call, HELICOPTER_JOB_INTERFACE, "ListProcesses"))
                return 0;
        if (fixture->fails)
                return sd_bus_reply_method_errorf(call, HELICOPTER_ERROR_TARGET_GONE, "The job has ended.");
        return sd_bus_reply_method_return(
                call, "a(uusss)", 2, 10, 1, "S", "3.14.8", "python3 x.py", 11, 10, "T", "", "sleep 9");
}

static int set_up(void **state) {
        Fixture *fixture = g_new0(Fixture, 1);

        fixture->daemon = fake_daemon_start(answer, fixture, &fixture->connection);
        fixture->watch = g_new0(JobWatch, 1);
        fixture->watch->connection = fixture->connection;
        fixture->watch->info = job_info_new(JOB);
        fixture->watch->info->pid = 10;
        g_free(fixture->watch->info->python_version);
        fixture->watch->info->python_version = g_strdup("3.15.0");
        *state = fixture;
        return 0;
}

static int tear_down(void **state) {
        Fixture *fixture = *state;

        job_watch_free(fixture->watch);
        connection_free(fixture->connection);
        fake_daemon_stop(fixture->daemon);
        g_free(fixture);
        return 0;
}

static void test_list(void **state) {
        Fixture *fixture = *state;
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        g_autoptr(GPtrArray) processes = NULL;
        const JobProcess *worker;

        assert_int_equal(process_list_get(fixture->connection, JOB, &processes, &error), 0);
        assert_int_equal(processes->len, 2);
        worker = process_list_find(processes, 11);
        assert_non_null(worker);
        assert_int_equal(worker->parent_pid, 10);
        assert_string_equal(worker->python_version, "");
        assert_string_equal(worker->command, "sleep 9");
        assert_string_equal(process_list_state(worker), "stopped");
        assert_null(process_list_find(processes, 12));
        assert_null(process_list_find(NULL, 10));
}

static void test_failure(void **state) {
        Fixture *fixture = *state;
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        g_autoptr(GPtrArray) processes = NULL;

        fixture->fails = true;
        assert_true(process_list_get(fixture->connection, JOB, &processes, &error) < 0);
        assert_true(sd_bus_error_has_name(&error, HELICOPTER_ERROR_TARGET_GONE));
        assert_null(processes);
}

static void assert_version(Fixture *fixture, uint32_t pid, const char *expected) {
        g_autofree char *version = process_list_version(fixture->watch, pid);

        if (expected)
                assert_string_equal(version, expected);
        else
                assert_null(version);
}

static void test_version(void **state) {
        Fixture *fixture = *state;

        assert_version(fixture, 10, "3.14.8");
        assert_version(fixture, 11, NULL);
        assert_version(fixture, 12, NULL);
        /* What is known of the job is about its main process. */
        fixture->fails = true;
        assert_version(fixture, 10, "3.15.0");
        assert_version(fixture, 11, NULL);
}

static void test_states(void **state) {
        char letter[] = "?";
        const JobProcess process = { .state = letter };

        assert_string_equal(process_list_state(&process), "unknown");
        *letter = 't';
        assert_string_equal(process_list_state(&process), "traced");
        *letter = 'Z';
        assert_string_equal(process_list_state(&process), "ended");
        *letter = '\0';
        assert_string_equal(process_list_state(&process), "unknown");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_list, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_failure, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_version, set_up, tear_down),
                cmocka_unit_test(test_states),
        };

        error_register();
        return cmocka_run_group_tests_name("client-process-list", tests, NULL, NULL);
}
