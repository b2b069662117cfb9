/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* job-info.c, job-lookup.c and job-wait.c, against a daemon that says what a test wants. */

#include "test.h"

#include <errno.h>
#include <string.h>

#include "client-daemon.h"
#include "client/client-error.h"
#include "client/job-info.h"
#include "client/job-lookup.h"
#include "client/job-wait.h"
#include "helicopter/bus-names.h"
#include "helicopter/error.h"

#define JOB HELICOPTER_JOB_PREFIX "/a_2db"
#define PROPERTIES "org.freedesktop.DBus.Properties"

typedef struct Fixture {
        FakeDaemon *daemon;
        Connection *connection;
        int unknown;      /* so many times GetJob does not know the job */
        int jobs;         /* so many jobs are running */
        const char *news; /* what a PropertiesChanged says is new, after GetAll was answered */
        bool old;         /* the daemon does not know all methods */
} Fixture;

static int send_change(sd_bus_message *call, const char *state) {
        g_autoptr(sd_bus_message) signal = NULL;

        sd_bus_message_new_signal(sd_bus_message_get_bus(call), &signal, JOB, PROPERTIES, "PropertiesChanged");
        sd_bus_message_append(signal, "sa{sv}as", HELICOPTER_JOB_INTERFACE, 3, "State", "s", state, "ExitCode", "i", 3,
                "ExitSignal", "i", 0, 0);
        return sd_bus_send(NULL, signal, NULL);
}

static int answer_get_job(sd_bus_message *call, Fixture *fixture) {
        if (fixture->unknown == 0)
                return sd_bus_reply_method_return(call, "o", JOB);
        fixture->unknown--;
        sd_bus_reply_method_errorf(call, HELICOPTER_ERROR_NO_SUCH_JOB, "There is no job a-b");
        return 1;
}

static int answer_list_jobs(sd_bus_message *call, Fixture *fixture) {
        g_autoptr(sd_bus_message) reply = NULL;

        sd_bus_message_new_method_return(call, &reply);
        sd_bus_message_open_container(reply, 'a', "(ossuus)");
        sd_bus_message_append(reply, "(ossuus)", HELICOPTER_JOB_PREFIX "/old", "old", "exited", 5, 0, "");
        for (int i = 0; i < fixture->jobs; i++)
                sd_bus_message_append(
                        reply, "(ossuus)", JOB, i == 0 ? "a-b" : "c", i == 0 ? "running" : "starting", 7, 0, "");
        sd_bus_message_close_container(reply);
        return sd_bus_send(NULL, reply, NULL);
}

static int answer_get_all(sd_bus_message *call, Fixture *fixture) {
        g_autoptr(sd_bus_message) reply = NULL;

        sd_bus_message_new_method_return(call, &reply);
        sd_bus_message_append(reply, "a{sv}", 6, "Name", "s", "a-b", "State", "s", "running", "FromTheFuture", "(ii)",
                1, 2, "PID", "u", 77, "CommandLine", "as", 2, "python3", "a\tb", "StartTimestamp", "t", UINT64_C(5));
        sd_bus_send(NULL, reply, NULL);
        return fixture->news ? send_change(call, fixture->news) : 1;
}

static int answer_get_managed_objects(sd_bus_message *call) {
        g_autoptr(sd_bus_message) reply = NULL;

        sd_bus_message_new_method_return(call, &reply);
        sd_bus_message_append(reply, "a{oa{sa{sv}}}", 3, JOB, 2, "org.freedesktop.DBus.Peer", 0,
                HELICOPTER_JOB_INTERFACE, 2, "Name", "s", "late", "StartTimestamp", "t", UINT64_C(9), JOB "c", 1,
                HELICOPTER_JOB_INTERFACE, 2, "Name", "s", "early", "StartTimestamp", "t", UINT64_C(3),
                HELICOPTER_JOB_PREFIX, 0);
        return sd_bus_send(NULL, reply, NULL);
}

static int answer_describe_jobs(sd_bus_message *call, Fixture *fixture) {
        g_autoptr(sd_bus_message) reply = NULL;

        if (fixture->old)
                return sd_bus_reply_method_errorf(call, SD_BUS_ERROR_UNKNOWN_METHOD, "There is no such method.");
        sd_bus_message_new_method_return(call, &reply);
        sd_bus_message_append(reply, "a(ossutuas)", 2, JOB, "late", "running", 77, UINT64_C(9), 5, 2, "python3", "a\tb",
                JOB "c", "early", "exited", 78, UINT64_C(3), 0, 0);
        return sd_bus_send(NULL, reply, NULL);
}

static int answer(sd_bus_message *call, void *userdata) {
        const char *member = sd_bus_message_get_member(call) ?: "";

        if (strcmp(member, "GetJob") == 0)
                return answer_get_job(call, userdata);
        if (strcmp(member, "ListJobs") == 0)
                return answer_list_jobs(call, userdata);
        if (strcmp(member, "GetAll") == 0)
                return answer_get_all(call, userdata);
        if (strcmp(member, "DescribeJobs") == 0)
                return answer_describe_jobs(call, userdata);
        if (strcmp(member, "GetManagedObjects") == 0)
                return answer_get_managed_objects(call);
        return 0;
}

static int set_up(void **state) {
        Fixture *fixture = g_new0(Fixture, 1);

        fixture->daemon = fake_daemon_start(answer, fixture, &fixture->connection);
        *state = fixture;
        return 0;
}

static int tear_down(void **state) {
        Fixture *fixture = *state;

        connection_free(fixture->connection);
        fake_daemon_stop(fixture->daemon);
        g_free(fixture);
        return 0;
}

static void test_lookup(void **state) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        g_autofree char *object = NULL, *name = NULL;
        Fixture *fixture = *state;

        assert_int_equal(job_lookup(fixture->connection, "a-b", &object, &error), 0);
        assert_string_equal(object, JOB);
        name = job_lookup_name(object);
        assert_string_equal(name, "a-b");
}

static void test_lookup_of_unknown(void **state) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        g_autofree char *object = NULL;
        Fixture *fixture = *state;

        fixture->unknown = 1;
        assert_int_equal(job_lookup(fixture->connection, "a-b", &object, &error), -ENOENT);
        assert_true(sd_bus_error_has_name(&error, HELICOPTER_ERROR_NO_SUCH_JOB));
        assert_null(object);
        assert_int_equal(fixture->unknown, 0); /* it was asked once */
}

static void test_only_job(void **state) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        g_autofree char *object = NULL;
        Fixture *fixture = *state;

        fixture->jobs = 1;
        assert_int_equal(job_lookup(fixture->connection, NULL, &object, &error), 0);
        assert_string_equal(object, JOB);
}

static void test_no_or_several_jobs(void **state) {
        g_auto(sd_bus_error) none = SD_BUS_ERROR_NULL, several = SD_BUS_ERROR_NULL;
        g_autofree char *object = NULL;
        Fixture *fixture = *state;

        assert_true(job_lookup(fixture->connection, NULL, &object, &none) < 0);
        assert_true(sd_bus_error_has_name(&none, CLIENT_ERROR_NO_JOB));
        fixture->jobs = 2;
        assert_true(job_lookup(fixture->connection, NULL, &object, &several) < 0);
        assert_true(sd_bus_error_has_name(&several, CLIENT_ERROR_AMBIGUOUS));
        assert_non_null(strstr(several.message, "a-b, c"));
        assert_null(object);
}

static void test_info(void **state) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        g_autoptr(JobInfo) info = NULL;
        g_autofree char *command = NULL;
        Fixture *fixture = *state;

        assert_int_equal(job_info_get(fixture->connection, JOB, &info, &error), 0);
        assert_string_equal(info->object, JOB);
        assert_string_equal(info->name, "a-b");
        assert_int_equal(info->pid, 77);
        assert_true(info->started == 5);
        assert_int_equal(info->exit_code, -1);
        assert_null(info->unit);
        assert_false(job_info_ended(info));
        command = job_info_command(info);
        assert_string_equal(command, "python3 a?b");
}

static void test_list(void **state) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        g_autoptr(GPtrArray) jobs = NULL;
        Fixture *fixture = *state;

        assert_int_equal(job_info_list(fixture->connection, &jobs, &error), 0);
        assert_int_equal(jobs->len, 2);
        assert_string_equal(((JobInfo *) g_ptr_array_index(jobs, 0))->name, "early");
        assert_string_equal(((JobInfo *) g_ptr_array_index(jobs, 1))->name, "late");
}

static void assert_outcome(
        const char *state, int code, int signal_number, const char *reason, int status, const char *outcome) {
        g_autoptr(JobInfo) info = job_info_new(JOB);
        g_autofree char *text = NULL;

        info->state = g_strdup(state);
        info->exit_code = code;
        info->exit_signal = signal_number;
        info->failure_reason = g_strdup(reason);
        text = job_info_outcome(info);
        assert_string_equal(text, outcome);
        assert_int_equal(job_info_exit_status(info), status);
}

static void test_outcomes(void **state) {
        assert_outcome("running", -1, 0, "", -1, "running");
        assert_outcome("exited", 0, 0, "", 0, "has ended with exit code 0");
        assert_outcome("failed", 3, 0, NULL, 3, "has ended with exit code 3");
        assert_outcome("failed", -1, 9, "", 137, "was ended by SIGKILL");
        assert_outcome("failed", -1, 40, "", 168, "was ended by signal 40");
        assert_outcome("failed", -1, 0, "No memory.", -1, "could not be started: No memory.");
}

static void test_end_is_told(void **state) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        g_autoptr(JobInfo) info = NULL;
        Fixture *fixture = *state;

        fixture->news = "failed";
        assert_int_equal(job_wait_end(fixture->connection, JOB, &info, &error), 0);
        assert_int_equal(job_info_exit_status(info), 3);
        assert_string_equal(info->name, "a-b");
}

static void test_end_has_a_deadline(void **state) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        g_autoptr(JobWatch) watch = NULL;
        Fixture *fixture = *state;

        fixture->news = "running";
        assert_int_equal(job_watch_open(fixture->connection, JOB, &watch, &error), 0);
        assert_int_equal(job_watch_end(watch, (uint64_t) g_get_monotonic_time() + 50 * 1000), -ETIMEDOUT);
        assert_string_equal(watch->info->state, "running");
}

static void note_state(JobWatch *watch, void *userdata) {
        g_strlcpy(userdata, watch->info->state, 16);
}

static void test_changes_are_told(void **state) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        g_autoptr(JobWatch) watch = NULL;
        Fixture *fixture = *state;
        char seen[16] = "";

        fixture->news = "exited";
        assert_int_equal(job_watch_open(fixture->connection, JOB, &watch, &error), 0);
        job_watch_notify(watch, note_state, seen);
        assert_int_equal(job_watch_end(watch, UINT64_MAX), 0);
        assert_string_equal(seen, "exited");
}

static void test_brief_list(void **state) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        g_autoptr(GPtrArray) jobs = NULL;
        Fixture *fixture = *state;
        const JobInfo *early, *late;

        assert_int_equal(job_info_list_brief(fixture->connection, &jobs, &error), 0);
        assert_int_equal(jobs->len, 2);
        early = jobs->pdata[0];
        late = jobs->pdata[1];
        assert_string_equal(early->name, "early");
        assert_string_equal(early->state, "exited");
        assert_null(early->command_line[0]);
        assert_string_equal(late->object, JOB);
        assert_int_equal(late->pid, 77);
        assert_int_equal(late->started, 9);
        assert_int_equal(late->tracer_pid, 5);
        assert_string_equal(late->command_line[1], "a\tb");
}

static void test_brief_list_of_an_older_daemon(void **state) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        g_autoptr(GPtrArray) jobs = NULL;
        Fixture *fixture = *state;

        fixture->old = true;
        assert_int_equal(job_info_list_brief(fixture->connection, &jobs, &error), 0);
        assert_int_equal(jobs->len, 2);
        assert_string_equal(((const JobInfo *) jobs->pdata[0])->name, "early");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_lookup),
                TEST(test_lookup_of_unknown),
                TEST(test_only_job),
                TEST(test_no_or_several_jobs),
                TEST(test_info),
                TEST(test_list),
                TEST(test_brief_list),
                TEST(test_brief_list_of_an_older_daemon),
                cmocka_unit_test(test_outcomes),
                TEST(test_end_is_told),
                TEST(test_end_has_a_deadline),
                TEST(test_changes_are_told),
        };

        error_register();
        return cmocka_run_group_tests(tests, NULL, NULL);
}
