/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* session.c, with a shell script in the interpreter's place. */

#include "test.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "client-daemon.h"
#include "client/session.h"
#include "client/spawn.h"
#include "helicopter/bus-names.h"

#define JOB HELICOPTER_JOB_PREFIX "/x"

typedef struct Fixture {
        FakeDaemon *daemon;
        Connection *connection;
        JobWatch *watch;
        char *folder;
        Interpreter interpreter;
        uint32_t new_tracer; /* told right after GetAll was answered; 0: nobody */
        pid_t target;
} Fixture;

static int answer(sd_bus_message *call, void *userdata) {
        sd_bus *bus = sd_bus_message_get_bus(call);
        g_autoptr(sd_bus_message) reply = NULL, signal = NULL;
        Fixture *fixture = userdata;

        if (!sd_bus_message_is_method_call(call, NULL, "GetAll"))
                return 0;
        sd_bus_message_new_method_return(call, &reply);
        sd_bus_message_append(reply, "a{sv}", 2, "Name", "s", "x", "State", "s", "running");
        sd_bus_send(NULL, reply, NULL);
        if (fixture->new_tracer == 0)
                return 1;
        sd_bus_message_new_signal(bus, &signal, JOB, "org.freedesktop.DBus.Properties", "PropertiesChanged");
        sd_bus_message_append(
                signal, "sa{sv}as", HELICOPTER_JOB_INTERFACE, 1, "TracerPID", "u", fixture->new_tracer, 0);
        return sd_bus_send(NULL, signal, NULL);
}

static int set_up(void **state) {
        Fixture *fixture = g_new0(Fixture, 1);
        char *argv[] = { (char *) "sleep", (char *) "1000", NULL };

        fixture->folder = g_dir_make_tmp("test-XXXXXX", NULL);
        fixture->interpreter.file = g_build_filename(fixture->folder, "interpreter", NULL);
        fixture->interpreter.name = g_strdup("/usr/bin/python3.77");
        assert_int_equal(spawn("/bin/sleep", argv, NULL, NULL, &fixture->target), 0);
        fixture->daemon = fake_daemon_start(answer, fixture, &fixture->connection);
        *state = fixture;
        return 0;
}

static int tear_down(void **state) {
        Fixture *fixture = *state;

        job_watch_free(fixture->watch);
        connection_free(fixture->connection);
        fake_daemon_stop(fixture->daemon);
        kill(fixture->target, SIGKILL);
        waitpid(fixture->target, NULL, 0);
        g_unlink(fixture->interpreter.file);
        g_rmdir(fixture->folder);
        g_free(fixture->folder);
        interpreter_clear(&fixture->interpreter);
        g_free(fixture);
        return 0;
}

/* What came of a session. */
typedef struct Outcome {
        int end;
        bool taken_over, target_gone;
} Outcome;

static Outcome run_session(Fixture *fixture, const Interpreter *interpreter, const char *version, char **commands) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        Session session = {
                .interpreter = interpreter,
                .version = version,
                .commands = commands,
                .control = SESSION_CONTROL_NONE,
        };
        Outcome outcome;

        assert_int_equal(job_watch_open(fixture->connection, JOB, &fixture->watch, &error), 0);
        session.control.watch = fixture->watch;
        session.control.target = fixture->target;
        session.control.deadline = (uint64_t) g_get_monotonic_time() + 59 * G_USEC_PER_SEC;
        outcome.end = session_run(&session);
        outcome.taken_over = session.foreground.taken_over;
        outcome.target_gone = session.target_gone;
        session_control_clear(&session.control);
        return outcome;
}

/* Run a session with that script; the connection must be as good afterwards. */
static Outcome run(Fixture *fixture, const char *script) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        g_autoptr(JobInfo) info = NULL;
        Outcome outcome;

        assert_true(
                g_file_set_contents_full(fixture->interpreter.file, script, -1, G_FILE_SET_CONTENTS_NONE, 0755, NULL));
        outcome = run_session(fixture, &fixture->interpreter, NULL, NULL);
        assert_int_equal(job_info_get(fixture->connection, JOB, &info, &error), 0);
        return outcome;
}

static void test_end_is_the_scripts(void **state) {
        Outcome outcome = run(*state, "#!/bin/sh\nexit 14\n");

        assert_int_equal(outcome.end, SESSION_NO_ANSWER);
        assert_false(outcome.taken_over);
        assert_false(outcome.target_gone);
}

static void test_arguments(void **state) {
        g_autofree char *script = NULL, *file = NULL, *said = NULL, *expected = NULL;
        char *commands[] = { (char *) "p 1", (char *) "quit", NULL };
        Fixture *fixture = *state;
        Outcome outcome;

        file = g_build_filename(fixture->folder, "said", NULL);
        script = g_strdup_printf("#!/bin/sh\n"
                                 "echo \"$1\" \"$2\" \"$3\" \"$4\" \"${5##*/}\" \"$6\" \"$7\" \"${8%%=*}\" "
                                 "\"${9%%[0-9].*}\" \"${10}\" \"${11}\" \"${12}\" >%s\n"
                                 "test -S /proc/self/fd/\"${8#*=}\"\n",
                file);
        assert_true(
                g_file_set_contents_full(fixture->interpreter.file, script, -1, G_FILE_SET_CONTENTS_NONE, 0755, NULL));
        outcome = run_session(fixture, &fixture->interpreter, "3.77.1", commands);
        assert_int_equal(outcome.end, SESSION_HELD);
        assert_true(g_file_get_contents(file, &said, NULL, NULL));
        expected = g_strdup_printf("-I -S -X lazy_imports=all attach.py %d job=x control timeout=5 version=3.77.1 "
                                   "command=p 1 command=quit\n",
                (int) fixture->target);
        assert_string_equal(said, expected);
        g_unlink(file);
}

static void test_interrupts_are_the_scripts(void **state) {
        Outcome outcome = run(*state, "#!/bin/sh\nkill -INT $PPID\nkill -QUIT $PPID\nexit 5\n");
        struct sigaction action;

        assert_int_equal(outcome.end, 5);
        sigaction(SIGINT, NULL, &action);
        assert_true(action.sa_handler == SIG_DFL);
}

static void test_takeover_ends_it(void **state) {
        Fixture *fixture = *state;
        Outcome outcome;

        fixture->new_tracer = 1;
        outcome = run(fixture, "#!/bin/sh\nexec sleep 1000\n");
        assert_true(outcome.taken_over);
        assert_int_equal(outcome.end, SESSION_ENDED);
}

static void test_own_lease_is_no_takeover(void **state) {
        Fixture *fixture = *state;
        Outcome outcome;

        fixture->new_tracer = (uint32_t) getpid();
        outcome = run(fixture, "#!/bin/sh\nsleep 0.2\nexit 0\n");
        assert_false(outcome.taken_over);
        assert_int_equal(outcome.end, SESSION_HELD);
}

static void test_targets_end_ends_it(void **state) {
        Fixture *fixture = *state;
        Outcome outcome;

        kill(fixture->target, SIGKILL);
        outcome = run(fixture, "#!/bin/sh\nexec sleep 1000\n");
        assert_true(outcome.target_gone);
        assert_int_equal(outcome.end, SESSION_ENDED);
}

static void test_missing_interpreter(void **state) {
        Interpreter interpreter = { .file = (char *) "/no/such/python", .name = (char *) "python" };

        assert_int_equal(run_session(*state, &interpreter, NULL, NULL).end, -ENOENT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_end_is_the_scripts),
                TEST(test_arguments),
                TEST(test_interrupts_are_the_scripts),
                TEST(test_takeover_ends_it),
                TEST(test_own_lease_is_no_takeover),
                TEST(test_targets_end_ends_it),
                TEST(test_missing_interpreter),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
