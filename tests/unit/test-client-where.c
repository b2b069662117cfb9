/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* job-where.c, against a daemon that says what a test wants of each job. */

#include "test.h"

#include <string.h>

#include "client-daemon.h"
#include "client/job-where.h"
#include "helicopter/bus-names.h"
#include "helicopter/error.h"

/* More than may be under way at a time. */
#define MANY 150

typedef struct Fixture {
        FakeDaemon *daemon;
        Connection *connection;
        GPtrArray *jobs;
        unsigned asked;
} Fixture;

static int answer_known(sd_bus_message *call) {
        g_autoptr(sd_bus_message) reply = NULL;

        sd_bus_message_new_method_return(call, &reply);
        sd_bus_message_append(reply, "a{sv}", 7, "file", "s", "/a\033b.py", "line", "u", 42, "function", "s", "f",
                "later", "(ii)", 1, 2, "memory", "t", UINT64_C(4096), "cpu", "t", UINT64_C(1500), "workers", "u", 3);
        return sd_bus_send(NULL, reply, NULL);
}

static int answer(sd_bus_message *call, void *userdata) {
        const char *name = strrchr(sd_bus_message_get_path(call), '/');
        Fixture *fixture = userdata;

        if (!sd_bus_message_is_method_call(call, HELICOPTER_JOB_INTERFACE, "Where"))
                return 0;
        fixture->asked++;
        if (strcmp(name, "/silent") == 0)
                return 1;
        if (strcmp(name, "/old") == 0)
                return sd_bus_reply_method_errorf(call, HELICOPTER_ERROR_PARENT_TOO_OLD, "Older.");
        if (strcmp(name, "/other") == 0)
                return sd_bus_reply_method_return(
                        call, "a{sv}", 2, "memory", "t", UINT64_C(7), "line", "s", "nonsense");
        if (strcmp(name, "/nothing") == 0)
                return sd_bus_reply_method_return(call, "a{sv}", 0);
        return answer_known(call);
}

static void add_job(Fixture *fixture, const char *name, const char *state) {
        g_autofree char *object = g_strconcat(HELICOPTER_JOB_PREFIX, "/", name, NULL);
        JobInfo *job = job_info_new(object);

        job->state = g_strdup(state);
        g_ptr_array_add(fixture->jobs, job);
}

static void free_job(gpointer job) {
        job_info_free(job);
}

static int set_up(void **state) {
        Fixture *fixture = g_new0(Fixture, 1);

        fixture->daemon = fake_daemon_start(answer, fixture, &fixture->connection);
        fixture->jobs = g_ptr_array_new_with_free_func(free_job);
        *state = fixture;
        return 0;
}

static int tear_down(void **state) {
        Fixture *fixture = *state;

        connection_free(fixture->connection);
        fake_daemon_stop(fixture->daemon);
        g_ptr_array_unref(fixture->jobs);
        g_free(fixture);
        return 0;
}

static void assert_known(const JobWhere *where) {
        g_autofree char *position = job_where_position(where);

        assert_string_equal(where->file, "/a?b.py");
        assert_string_equal(where->function, "f");
        assert_int_equal(where->line, 42);
        assert_true(where->memory == 4096 && where->cpu == 1500 && where->workers == 3);
        assert_string_equal(position, "/a?b.py:42 f");
}

static void assert_unknown(const JobWhere *where) {
        assert_null(where->file);
        assert_null(where->function);
        assert_int_equal(where->line, 0);
        assert_true(where->memory == JOB_WHERE_UNKNOWN && where->cpu == JOB_WHERE_UNKNOWN);
        assert_true(where->workers == JOB_WHERE_UNKNOWN);
        assert_null(job_where_position(where));
}

static void test_many(void **state) {
        Fixture *fixture = *state;
        g_autoptr(GPtrArray) found = NULL;

        for (int i = 0; i < MANY; i++)
                add_job(fixture, "known", "running");
        found = job_where_ask(fixture->connection, fixture->jobs);
        assert_int_equal(found->len, MANY);
        for (int i = 0; i < MANY; i++)
                assert_known(found->pdata[i]);
        assert_int_equal(fixture->asked, MANY);
}

static void test_what_is_not_known(void **state) {
        Fixture *fixture = *state;
        g_autoptr(GPtrArray) found = NULL;

        add_job(fixture, "old", "running");
        add_job(fixture, "known", "exited");
        add_job(fixture, "nothing", "starting");
        found = job_where_ask(fixture->connection, fixture->jobs);
        assert_int_equal(found->len, 3);
        for (guint i = 0; i < found->len; i++)
                assert_unknown(found->pdata[i]);
        assert_int_equal(fixture->asked, 2); /* not for what has ended */
}

static void test_line_that_is_not_known(void **state) {
        const JobWhere where = { .file = (char *) "a.py", .function = (char *) "f" };
        g_autofree char *position = job_where_position(&where);

        assert_string_equal(position, "a.py f");
}

static void test_nonsense(void **state) {
        Fixture *fixture = *state;
        g_autoptr(JobWhere) where = NULL;

        add_job(fixture, "other", "running");
        where = job_where_ask_one(fixture->connection, fixture->jobs->pdata[0]);
        assert_true(where->memory == 7);
        assert_int_equal(where->line, 0);
}

/* One that does not answer, among others that do: they are answered, and there is an end. */
static void test_silence(void **state) {
        Fixture *fixture = *state;
        gint64 began = g_get_monotonic_time();
        g_autoptr(GPtrArray) found = NULL;

        add_job(fixture, "known", "running");
        add_job(fixture, "silent", "running");
        add_job(fixture, "known", "running");
        found = job_where_ask(fixture->connection, fixture->jobs);
        assert_known(found->pdata[0]);
        assert_unknown(found->pdata[1]);
        assert_known(found->pdata[2]);
        assert_true(g_get_monotonic_time() - began >= 2 * G_TIME_SPAN_SECOND);
}

static void test_none(void **state) {
        Fixture *fixture = *state;
        g_autoptr(GPtrArray) found = job_where_ask(fixture->connection, fixture->jobs);

        assert_int_equal(found->len, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_many),
                TEST(test_what_is_not_known),
                cmocka_unit_test(test_line_that_is_not_known),
                TEST(test_nonsense),
                TEST(test_silence),
                TEST(test_none),
        };

        error_register();
        return cmocka_run_group_tests_name("client-where", tests, NULL, NULL);
}
