/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include <errno.h>
#include <glib.h>
#include <string.h>
#include <unistd.h>

#include "capture.h"
#include "client/attach-report.h"
#include "client/stack-run.h"
#include "helicopter/error.h"

/* No process has this pid. */
#define NOBODY 0x7FFFFFFF

static const char *told_end; /* the state that the daemon tells when it is asked to; NULL: nothing */
static int stacks;           /* so many times they were shown */

int __wrap_job_watch_end(JobWatch *watch, uint64_t deadline);
int __wrap_stack_run(const Interpreter *interpreter, const char *job, pid_t target, const char *form, uint64_t timeout);

int __wrap_job_watch_end(JobWatch *watch, uint64_t deadline) {
        if (!told_end)
                return -ETIMEDOUT;
        g_free(watch->info->state);
        watch->info->state = g_strdup(told_end);
        watch->info->exit_code = 5;
        return 0;
}

int __wrap_stack_run(
        const Interpreter *interpreter, const char *job, pid_t target, const char *form, uint64_t timeout) {
        assert_string_equal(job, "train");
        assert_string_equal(form, "brief");
        stacks++;
        return 0;
}

typedef struct Fixture {
        JobWatch watch;
        Stage stage;
        Interpreter interpreter;
        Session session;
} Fixture;

static int set_up(void **state) {
        Fixture *fixture = g_new0(Fixture, 1);

        fixture->watch.info = job_info_new("/train");
        fixture->watch.info->name = g_strdup("train");
        fixture->watch.info->state = g_strdup("running");
        fixture->watch.info->pid = NOBODY;
        fixture->interpreter.file = (char *) "/usr/bin/python";
        fixture->session.interpreter = &fixture->interpreter;
        fixture->session.control = SESSION_CONTROL_NONE;
        fixture->session.control.watch = &fixture->watch;
        fixture->session.control.stage = &fixture->stage;
        fixture->session.control.target = NOBODY;
        fixture->stage.open = true;
        told_end = NULL;
        stacks = 0;
        *state = fixture;
        return 0;
}

static int tear_down(void **state) {
        Fixture *fixture = *state;

        sd_bus_error_free(&fixture->session.control.error);
        job_info_free(fixture->watch.info);
        g_free(fixture);
        return 0;
}

/* What is said of a session that ended so must be this, in order. */
static void assert_told(Fixture *fixture, int end, bool permitted, const char *const *parts) {
        g_autofree char *text = NULL;
        const char *rest;

        capture_begin();
        attach_report_session(&fixture->session, end, permitted);
        text = capture_end();
        rest = text;
        for (; *parts; parts++) {
                const char *found = strstr(rest, *parts);

                if (!found)
                        fail_msg("no \"%s\" in \"%s\"", *parts, rest);
                else
                        rest = found + strlen(*parts);
        }
        assert_true(g_str_has_suffix(text, "\n") || !*text);
}

#define TOLD(fixture, end, permitted, ...) \
        assert_told(fixture, end, permitted, (const char *const[]) { __VA_ARGS__, NULL })

static void test_nothing_is_said_of_a_session(void **state) {
        g_autofree char *text = NULL;
        Fixture *fixture = *state;

        capture_begin();
        attach_report_session(&fixture->session, SESSION_HELD, true);
        attach_report_session(&fixture->session, SESSION_INTERRUPTED, true);
        text = capture_end();
        assert_string_equal(text, "");
}

static void test_interpreter_that_does_not_run(void **state) {
        TOLD(*state, -ENOENT, true, "\nhelicopter-client: Job train: cannot run /usr/bin/python: ", "\nPut the Python");
}

static void test_taken_over(void **state) {
        Fixture *fixture = *state;

        fixture->session.foreground.taken_over = true;
        fixture->watch.info->tracer_pid = 88;
        TOLD(fixture, SESSION_ENDED, true, "\nhelicopter-client: Job train was taken over by process 88\n", "--force");
}

static void test_refused(void **state) {
        Fixture *fixture = *state;

        sd_bus_error_set(&fixture->session.control.error, HELICOPTER_ERROR_SCRIPT_PENDING, "It is busy.");
        TOLD(fixture, SESSION_REFUSED, true, "\nhelicopter-client: Job train: It is busy.\n", "Wait until");
        assert_int_equal(stacks, 0);
}

static void test_blocked(void **state) {
        Fixture *fixture = *state;

        sd_bus_error_set(&fixture->session.control.error, HELICOPTER_ERROR_BLOCKED, "Job train: it is blocked.");
        fixture->session.control.target = getpid();
        TOLD(fixture, SESSION_REFUSED, true, "helicopter-client: Job train: it is blocked.\n", "\nIts threads:\n");
        assert_int_equal(stacks, 1);
}

static void test_blocked_without_a_permission(void **state) {
        Fixture *fixture = *state;

        sd_bus_error_set(&fixture->session.control.error, HELICOPTER_ERROR_BLOCKED, "Job train: it is blocked.");
        TOLD(fixture, SESSION_REFUSED, false, "it is blocked.\n");
        assert_int_equal(stacks, 0);
}

static void test_no_answer(void **state) {
        TOLD(*state, SESSION_NO_ANSWER, true, "Try again", "Its threads:");
        assert_int_equal(stacks, 1);
}

static void test_debugger_that_was_ended(void **state) {
        TOLD(*state, SESSION_ENDED, true, "\nhelicopter-client: Job train: the debugger was ended by a signal\n",
                "The job goes on");
}

static void test_target_that_ended(void **state) {
        Fixture *fixture = *state;

        fixture->session.target_gone = true;
        TOLD(fixture, SESSION_ENDED, true, "helicopter-client: Job train: process ",
                " ended before it could be debugged\n", "Start the job again");
}

static void test_other_ends_have_their_remedy(void **state) {
        TOLD(*state, SESSION_BUSY, true, "End the debugger");
        TOLD(*state, SESSION_INCOMPATIBLE, true, "Put the Python");
        TOLD(*state, SESSION_FAILED, true, "try again");
}

static char *told_of_job(Fixture *fixture) {
        capture_begin();
        attach_report_job(&fixture->watch);
        return capture_end();
}

static void test_job_that_runs(void **state) {
        g_autofree char *text = NULL;
        Fixture *fixture = *state;

        fixture->watch.info->pid = (uint32_t) getpid();
        text = told_of_job(fixture);
        assert_string_equal(text, "Debugger detached, job train still running\n");
}

static void test_job_that_has_ended(void **state) {
        g_autofree char *text = NULL;

        told_end = "failed";
        text = told_of_job(*state);
        assert_string_equal(text, "Debugger detached, job train has ended with exit code 5\n");
}

static void test_job_of_which_nobody_tells(void **state) {
        g_autofree char *text = told_of_job(*state);

        assert_string_equal(text, "Debugger detached, job train has ended\n");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_nothing_is_said_of_a_session),
                TEST(test_interpreter_that_does_not_run),
                TEST(test_taken_over),
                TEST(test_refused),
                TEST(test_blocked),
                TEST(test_blocked_without_a_permission),
                TEST(test_no_answer),
                TEST(test_debugger_that_was_ended),
                TEST(test_target_that_ended),
                TEST(test_other_ends_have_their_remedy),
                TEST(test_job_that_runs),
                TEST(test_job_that_has_ended),
                TEST(test_job_of_which_nobody_tells),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
