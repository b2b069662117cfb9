/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* target.c, against a daemon that knows the job "a", whose main process is 77 and which has a worker, 78. */

#include "test.h"

#include <errno.h>
#include <string.h>

#include "capture.h"
#include "client-daemon.h"
#include "client/target.h"
#include "helicopter/bus-names.h"
#include "helicopter/cleanup.h"
#include "helicopter/error.h"

#define JOB HELICOPTER_JOB_PREFIX "/a"

static const Verb verb = { "plain", "[NAME]", "Test", NULL };
static FakeDaemon *fake_daemon;
static Connection *fake_connection;

int __wrap_connection_open(Connection **ret_connection, sd_bus_error *error);

int __wrap_connection_open(Connection **ret_connection, sd_bus_error *error) {
        *ret_connection = g_steal_pointer(&fake_connection);
        return 0;
}

static int answer_job(sd_bus_message *call, bool known) {
        if (known)
                return sd_bus_reply_method_return(call, "o", JOB);
        sd_bus_reply_method_errorf(call, HELICOPTER_ERROR_NO_SUCH_JOB, "There is none.");
        return 1;
}

static int answer(sd_bus_message *call, void *userdata) {
        const char *member = sd_bus_message_get_member(call) ?: "", *name;
        uint32_t pid;

        if (strcmp(member, "GetJob") == 0 && sd_bus_message_read(call, "s", &name) > 0)
                return answer_job(call, strcmp(name, "a") == 0);
        if (strcmp(member, "GetJobByPID") == 0 && sd_bus_message_read(call, "u", &pid) > 0)
                return answer_job(call, pid == 77 || pid == 78);
        if (strcmp(member, "ListJobs") == 0)
                return sd_bus_reply_method_return(call, "a(ossuus)", 1, JOB, "a", "running", 77, 0, "");
        if (strcmp(member, "Get") == 0)
                return sd_bus_reply_method_return(call, "v", "u", 77);
        if (strcmp(member, "GetAll") == 0)
                return sd_bus_reply_method_return(call, "a{sv}", 2, "Name", "s", "a", "PID", "u", 77);
        return 0;
}

static int set_up(void **state) {
        fake_daemon = fake_daemon_start(answer, NULL, &fake_connection);
        return 0;
}

static int tear_down(void **state) {
        connection_free(g_steal_pointer(&fake_connection));
        fake_daemon_stop(fake_daemon);
        return 0;
}

/* The pid that a line means, or a negative errno. */
static int open_target(const char *name, int pid) {
        g_auto(TargetOptions) options = { .pid = pid, .seconds = 5 };
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        g_autoptr(Connection) connection = NULL;
        g_autoptr(JobWatch) watch = NULL;
        int r;

        assert_int_equal(target_options_check(&verb, &options), 0);
        r = target_open(&options, name, &connection, &watch, &error);
        assert_true(r >= 0 || sd_bus_error_is_set(&error));
        if (r < 0)
                return r;
        assert_string_equal(watch->info->name, "a");
        return target_pid(&options, watch);
}

static void test_a_name(void **state) {
        assert_int_equal(open_target("a", 0), 77);
}

static void test_no_name(void **state) {
        assert_int_equal(open_target(NULL, 0), 77);
}

static void test_a_name_and_a_worker(void **state) {
        assert_int_equal(open_target("a", 78), 78);
}

static void test_a_worker(void **state) {
        assert_int_equal(open_target(NULL, 78), 78);
}

static void test_a_process_in_the_names_place(void **state) {
        assert_int_equal(open_target("77", 0), 77);
}

static void test_a_worker_in_the_names_place(void **state) {
        assert_int_equal(open_target("78", 0), 78);
}

static void test_unknown(void **state) {
        assert_int_equal(open_target("79", 0), -ENOENT);
}

static void test_a_worker_and_another(void **state) {
        assert_int_equal(open_target("78", 77), -ENOENT);
}

/* What is read from stdin before is not the job's time. */
static void test_the_time_begins_when_the_job_is_asked_for(void **state) {
        g_auto(TargetOptions) options = { .seconds = 5 };
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        g_autoptr(Connection) connection = NULL;
        g_autoptr(JobWatch) watch = NULL;
        int64_t parsed, asked;

        assert_int_equal(target_options_check(&verb, &options), 0);
        parsed = g_get_monotonic_time();
        do
                asked = g_get_monotonic_time();
        while (asked == parsed);
        assert_int_equal(target_open(&options, "a", &connection, &watch, &error), 0);
        assert_true(options.deadline >= (uint64_t) asked + 5 * (uint64_t) G_USEC_PER_SEC);
        assert_true(options.deadline <= (uint64_t) g_get_monotonic_time() + 5 * (uint64_t) G_USEC_PER_SEC);
}

static void assert_refused(TargetOptions options, const char *why) {
        g_autofree char *text = NULL;
        int r;

        capture_begin();
        r = target_options_check(&verb, &options);
        text = capture_end();
        assert_int_equal(r, -EINVAL);
        assert_non_null(strstr(text, why));
}

static void test_values(void **state) {
        assert_refused((TargetOptions) { .pid = -1, .seconds = 1 }, "--pid takes");
        assert_refused((TargetOptions) { .seconds = -1 }, "--timeout takes");
}

static void test_options(void **state) {
        char *words[] = { (char *) "plain", (char *) "-p", (char *) "78", (char *) "-f", (char *) "-t", (char *) "0.5",
                (char *) "--job", (char *) "a", (char *) "rest", NULL },
             **argv = words;
        g_auto(TargetOptions) options = { .seconds = TARGET_TIMEOUT };
        int argc = 9;

        assert_int_equal(target_options_parse(&verb, &options, &argc, &argv), 1);
        assert_int_equal(options.pid, 78);
        assert_true(options.force);
        assert_true(options.timeout == G_USEC_PER_SEC / 2);
        assert_string_equal(options.job, "a");
        assert_int_equal(argc, 2);
}

static void test_failure_names_the_job(void **state) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        JobInfo info = { .name = (char *) "a" };
        const JobWatch watch = { .info = &info };
        g_autofree char *text = NULL;

        sd_bus_error_set(&error, HELICOPTER_ERROR_TARGET_GONE, "process 77 has ended");
        capture_begin();
        target_report_failure(&watch, &error, -ESRCH);
        target_report_failure(&watch, &error, -ESRCH); /* once only */
        target_report_failure(NULL, &error, -ESRCH);
        text = capture_end();
        assert_true(g_str_has_prefix(text, "helicopter-client: Job a: process 77 has ended\nStart the job again"));
        assert_null(strstr(text, "Job a: Job a"));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_a_name),
                TEST(test_no_name),
                TEST(test_a_name_and_a_worker),
                TEST(test_a_worker),
                TEST(test_a_process_in_the_names_place),
                TEST(test_a_worker_in_the_names_place),
                TEST(test_unknown),
                TEST(test_a_worker_and_another),
                TEST(test_the_time_begins_when_the_job_is_asked_for),
                cmocka_unit_test(test_values),
                cmocka_unit_test(test_options),
                cmocka_unit_test(test_failure_names_the_job),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
