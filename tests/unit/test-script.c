/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* script.c, where the process that is asked to run something is made up. */

#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <unistd.h>

#include "helicopter/cleanup.h"
#include "helicopter/error.h"
#include "helicopter/process.h"
#include "parent/script.h"

int __wrap_remote_exec_open(pid_t pid, RemoteExec **ret_remote, PythonRuntime *ret_runtime);
RemoteExec *__wrap_remote_exec_free(RemoteExec *remote);
int __wrap_remote_exec_threads(const RemoteExec *remote, PythonThread *threads, size_t max);
int __wrap_remote_exec_queue(const RemoteExec *remote, const PythonThread *thread, const char *path, uint64_t timeout);
int __wrap_remote_exec_withdraw(const RemoteExec *remote, const PythonThread *thread, const char *path);

static const PythonThread main_thread = { .tid = 100, .state = 0x1000 };
static const PythonThread worker = { .tid = 101, .state = 0x2000 };

#define ALL_THREADS (-1)

static struct {
        Supervisor supervisor;
        Script *script;
        pid_t queued;   /* in this thread; 0: nowhere */
        pid_t refuses;  /* to have it queued */
        int withdrawal; /* its outcome; 1: as it should be */
        bool ended;
        ScriptEnd end;
} fixture;

int __wrap_remote_exec_open(pid_t pid, RemoteExec **ret_remote, PythonRuntime *ret_runtime) {
        *ret_remote = (RemoteExec *) &fixture;
        return 0;
}

RemoteExec *__wrap_remote_exec_free(RemoteExec *remote) {
        return NULL;
}

int __wrap_remote_exec_threads(const RemoteExec *remote, PythonThread *threads, size_t max) {
        *threads = main_thread;
        return 1;
}

int __wrap_remote_exec_queue(const RemoteExec *remote, const PythonThread *thread, const char *path, uint64_t timeout) {
        if (fixture.refuses == ALL_THREADS || fixture.refuses == thread->tid)
                return -EBUSY;
        fixture.queued = thread->tid;
        return 0;
}

int __wrap_remote_exec_withdraw(const RemoteExec *remote, const PythonThread *thread, const char *path) {
        if (fixture.withdrawal == 1)
                fixture.queued = 0;
        return fixture.withdrawal;
}

static int queue(Script **ret_script) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        Target target = { .pid = getpid(), .pidfd = process_open(getpid()) };

        return script_new(&fixture.supervisor, &target, "pass", 4, -1, -1, ret_script, &error);
}

static void on_ended(ScriptEnd end, void *userdata) {
        fixture.ended = true;
        fixture.end = end;
}

static int set_up(void **state) {
        fixture = (typeof(fixture)) { .withdrawal = 1 };
        assert_true(sd_event_new(&fixture.supervisor.event) >= 0);
        assert_int_equal(queue(&fixture.script), 0);
        fixture.script->ended = on_ended;
        return 0;
}

static int tear_down(void **state) {
        script_withdraw_all(&fixture.supervisor);
        assert_int_equal(g_queue_get_length(&fixture.supervisor.scripts), 0);
        sd_event_unref(fixture.supervisor.event);
        return 0;
}

/* As a thread of the process does that has taken it. */
static void read_file(void) {
        autofd fd = open(fixture.script->file.path, O_RDONLY | O_CLOEXEC);
        char text[16];

        assert_int_equal(read(fd, text, sizeof text), 4);
}

static void handle_events(void) {
        while (sd_event_run(fixture.supervisor.event, 0) > 0)
                ;
}

static void test_taken(void **state) {
        handle_events();
        assert_false(fixture.ended);
        read_file();
        handle_events();
        assert_true(fixture.ended);
        assert_int_equal(fixture.end, SCRIPT_TAKEN);
}

static void test_moved(void **state) {
        assert_int_equal(script_move(fixture.script, &worker), 0);
        assert_int_equal(fixture.queued, worker.tid);
        assert_int_equal(fixture.script->thread.tid, worker.tid);
}

static void test_moved_too_late(void **state) {
        fixture.withdrawal = 0;
        assert_int_equal(script_move(fixture.script, &worker), -EBUSY);
        assert_int_equal(fixture.queued, main_thread.tid);
        assert_int_equal(fixture.script->thread.tid, main_thread.tid);
}

/* Its thread has ended without having taken it. */
static void test_moved_from_a_thread_that_has_ended(void **state) {
        fixture.withdrawal = -ESRCH;
        assert_int_equal(script_move(fixture.script, &worker), 0);
        assert_int_equal(fixture.queued, worker.tid);
}

/* Its thread has ended, and had taken it before. */
static void test_moved_after_it_was_read(void **state) {
        read_file();
        fixture.withdrawal = -ESRCH;
        assert_int_equal(script_move(fixture.script, &worker), -EBUSY);
        handle_events();
        assert_true(fixture.ended);
        assert_int_equal(fixture.end, SCRIPT_TAKEN);
}

static void test_moved_in_vain(void **state) {
        fixture.refuses = worker.tid;
        assert_int_equal(script_move(fixture.script, &worker), -EBUSY);
        assert_int_equal(fixture.queued, main_thread.tid);
}

/* No thread takes it any more: not the new one, nor the one that it was in. */
static void test_lost_on_the_way(void **state) {
        fixture.refuses = ALL_THREADS;
        assert_int_equal(script_move(fixture.script, &worker), -ECANCELED);
        assert_null(script_find(&fixture.supervisor, getpid()));
        assert_false(fixture.ended);
}

static void test_withdrawn(void **state) {
        assert_int_equal(script_withdraw(fixture.script), SCRIPT_WITHDRAWN);
        assert_null(script_find(&fixture.supervisor, getpid()));
        assert_false(fixture.ended);
}

/* What a thread has taken it is also to find. */
static void test_withdrawn_too_late(void **state) {
        g_autofree char *path = g_strdup(fixture.script->file.path);

        fixture.withdrawal = 0;
        assert_int_equal(script_withdraw(fixture.script), SCRIPT_TAKEN);
        assert_null(script_find(&fixture.supervisor, getpid()));
        assert_int_equal(access(path, R_OK), 0);
        read_file();
        handle_events();
        assert_int_equal(access(path, R_OK), -1);
        assert_false(fixture.ended);
}

static void test_told_afterwards(void **state) {
        fixture.script->ended = NULL;
        read_file();
        handle_events();
        assert_int_equal(script_last_taken(&fixture.supervisor, getpid()), main_thread.tid);
        assert_int_equal(script_last_taken(&fixture.supervisor, getpid()), 0);
}

static void test_one_at_a_time(void **state) {
        Script *other = NULL;

        assert_true(queue(&other) < 0);
        assert_null(other);
        assert_ptr_equal(script_find(&fixture.supervisor, getpid()), fixture.script);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_taken, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_moved, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_moved_too_late, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_moved_from_a_thread_that_has_ended, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_moved_after_it_was_read, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_moved_in_vain, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_lost_on_the_way, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_withdrawn, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_withdrawn_too_late, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_told_afterwards, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_one_at_a_time, set_up, tear_down),
        };

        error_register();
        return cmocka_run_group_tests_name("script", tests, NULL, NULL);
}
