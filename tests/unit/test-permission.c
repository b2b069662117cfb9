/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* permission.c: its script is run by a Python of the test's, in which prctl is a file that is written. */

#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <unistd.h>

#include "helicopter/cleanup.h"
#include "helicopter/error.h"
#include "helicopter/process.h"
#include "parent/permission.h"
#include "parent/script.h"
#include "parent/waker.h"

#define PATIENCE (60 * G_USEC_PER_SEC)

int __wrap_script_new(Supervisor *supervisor, Target *target, const void *text, size_t size, int caller, int guard,
        Script **ret_script, sd_bus_error *error);
int __wrap_waker_new(Supervisor *supervisor, Target *target, Script *script, WakeMode mode, uint64_t timeout,
        WakeDone done, void *userdata, Waker **ret_waker, sd_bus_error *error);
Waker *__wrap_waker_cancel(Waker *waker);
ScriptEnd __wrap_script_withdraw(Script *script);

static const char ctypes[] = "import os\n"
                             "def c_ulong(value): return value\n"
                             "def get_errno(): return int(os.environ['PRCTL_ERROR'])\n"
                             "class CDLL:\n"
                             "    def __init__(self, name, use_errno): pass\n"
                             "    def prctl(self, *arguments):\n"
                             "        open(os.environ['PRCTL_FILE'], 'w').write('%x %d %d %d %d' % arguments)\n"
                             "        return get_errno() and -1\n";

typedef struct Fixture {
        Supervisor supervisor;
        Target target;
        char *folder, *called;
        Permission *permission;
        /* What permission.c has asked for. */
        char *script;
        WakeDone woken;
        void *woken_userdata;
        bool withdrawn;
        int waker_error;
        /* What it has told. */
        bool ended;
        char *error;
} Fixture;

static Fixture *fixture;

int __wrap_script_new(Supervisor *supervisor, Target *target, const void *text, size_t size, int caller, int guard,
        Script **ret_script, sd_bus_error *error) {
        fixture->script = g_strndup(text, size);
        target_clear(target);
        *ret_script = (Script *) fixture;
        return 0;
}

int __wrap_waker_new(Supervisor *supervisor, Target *target, Script *script, WakeMode mode, uint64_t timeout,
        WakeDone done, void *userdata, Waker **ret_waker, sd_bus_error *error) {
        if (fixture->waker_error < 0)
                return fixture->waker_error;
        target_clear(target);
        fixture->woken = done;
        fixture->woken_userdata = userdata;
        *ret_waker = (Waker *) fixture;
        return 0;
}

Waker *__wrap_waker_cancel(Waker *waker) {
        fixture->withdrawn |= waker != NULL;
        return NULL;
}

ScriptEnd __wrap_script_withdraw(Script *script) {
        fixture->withdrawn = true;
        return SCRIPT_WITHDRAWN;
}

static int set_up(void **state) {
        g_autofree char *module = NULL;

        fixture = g_new0(Fixture, 1);
        assert_true(sd_event_new(&fixture->supervisor.event) >= 0);
        fixture->target = (Target) { .pid = getpid(), .pidfd = process_open(getpid()) };
        fixture->folder = g_dir_make_tmp("test-permission-XXXXXX", NULL);
        fixture->called = g_build_filename(fixture->folder, "called", NULL);
        module = g_build_filename(fixture->folder, "ctypes.py", NULL);
        assert_true(g_file_set_contents(module, ctypes, -1, NULL));
        g_setenv("PYTHONPATH", fixture->folder, TRUE);
        g_setenv("PYTHONDONTWRITEBYTECODE", "1", TRUE);
        g_setenv("PRCTL_FILE", fixture->called, TRUE);
        g_setenv("PRCTL_ERROR", "0", TRUE);
        return 0;
}

static int tear_down(void **state) {
        g_autofree char *module = g_build_filename(fixture->folder, "ctypes.py", NULL);

        sd_event_unref(fixture->supervisor.event);
        target_clear(&fixture->target);
        g_unlink(module);
        g_unlink(fixture->called);
        g_rmdir(fixture->folder);
        g_free(fixture->folder);
        g_free(fixture->called);
        g_free(fixture->script);
        g_free(fixture->error);
        g_free(fixture);
        return 0;
}

static void on_done(const sd_bus_error *error, void *userdata) {
        assert_ptr_equal(userdata, fixture);
        assert_null(fixture->supervisor.permission);
        fixture->ended = true;
        fixture->error = g_strdup(error->message);
}

static int begin(pid_t tracer) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;

        return permission_new(
                &fixture->supervisor, &fixture->target, tracer, on_done, fixture, &fixture->permission, &error);
}

/* Run the script, as the job would. Returns what prctl was called with, owned by the caller. */
static char *run_script(void) {
        char *argv[] = { (char *) "python3", (char *) "-c", fixture->script, NULL };
        g_autofree char *output = NULL, *complaint = NULL;
        char *called = NULL;
        int status;

        assert_true(
                g_spawn_sync(NULL, argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &output, &complaint, &status, NULL));
        assert_string_equal(complaint, "");
        assert_string_equal(output, "");
        assert_int_equal(status, 0);
        g_file_get_contents(fixture->called, &called, NULL, NULL);
        return called;
}

static void tell_woken(void) {
        static const WakeResult result = { .thread = 1, .main = true, .reason = "", .call = "" };

        fixture->woken(&result, NULL, fixture->woken_userdata);
}

static void await_end(void) {
        int64_t deadline = g_get_monotonic_time() + PATIENCE;

        while (!fixture->ended && g_get_monotonic_time() < deadline)
                sd_event_run(fixture->supervisor.event, PATIENCE);
        assert_true(fixture->ended);
}

static void test_given(void **state) {
        g_autofree char *called = NULL;

        assert_int_equal(begin(4711), 0);
        called = run_script();
        assert_string_equal(called, "59616d61 4711 0 0 0");
        assert_false(fixture->ended);
        tell_woken();
        await_end();
        assert_null(fixture->error);
}

/* The script may have been run to its end before it is known that it was taken. */
static void test_answer_comes_first(void **state) {
        g_autofree char *called = NULL;

        assert_int_equal(begin(4711), 0);
        called = run_script();
        assert_non_null(called);
        await_end();
        assert_null(fixture->error);
        assert_true(fixture->withdrawn);
}

static void test_refused_by_the_kernel(void **state) {
        g_autofree char *called = NULL;

        g_setenv("PRCTL_ERROR", "22", TRUE);
        assert_int_equal(begin(4711), 0);
        tell_woken();
        called = run_script();
        assert_non_null(called);
        await_end();
        assert_non_null(strstr(fixture->error, "Invalid argument"));
}

static void test_without_ctypes(void **state) {
        g_autofree char *module = g_build_filename(fixture->folder, "ctypes.py", NULL), *called = NULL;

        assert_true(g_file_set_contents(module, "raise ImportError('not built')", -1, NULL));
        assert_int_equal(begin(4711), 0);
        tell_woken();
        called = run_script();
        assert_null(called);
        await_end();
        assert_non_null(strstr(fixture->error, "not built"));
}

/* A script that comes late permits nothing, whatever its descriptor's number stands for by then. */
static void test_nobody_waits_any_more(void **state) {
        g_autofree char *called = NULL;
        int ends[8][2];

        assert_int_equal(begin(4711), 0);
        tell_woken();
        permission_free(fixture->permission);
        assert_null(fixture->supervisor.permission);
        called = run_script();
        assert_null(called);
        for (size_t i = 0; i < G_N_ELEMENTS(ends); i++)
                assert_int_equal(pipe2(ends[i], O_CLOEXEC | O_NONBLOCK), 0);
        called = run_script();
        assert_null(called);
        for (size_t i = 0; i < G_N_ELEMENTS(ends); i++) {
                char byte;

                assert_int_equal(read(ends[i][0], &byte, 1), -1);
                close(ends[i][0]);
                close(ends[i][1]);
        }
        assert_false(fixture->ended);
}

static void test_not_taken(void **state) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;

        assert_int_equal(begin(4711), 0);
        sd_bus_error_set(&error, HELICOPTER_ERROR_BLOCKED, "It sleeps.");
        fixture->woken(NULL, &error, fixture->woken_userdata);
        assert_true(fixture->ended);
        assert_string_equal(fixture->error, "It sleeps.");
}

static void test_one_at_a_time(void **state) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        Permission *other = NULL;

        assert_int_equal(permission_check(&fixture->supervisor, &error), 0);
        assert_int_equal(begin(4711), 0);
        assert_true(permission_check(&fixture->supervisor, &error) < 0);
        assert_true(sd_bus_error_has_name(&error, HELICOPTER_ERROR_SCRIPT_PENDING));
        sd_bus_error_free(&error);
        assert_true(permission_new(&fixture->supervisor, &fixture->target, 0, on_done, fixture, &other, &error) < 0);
        assert_null(other);
        assert_ptr_equal(fixture->supervisor.permission, fixture->permission);
        permission_free(fixture->permission);
        assert_int_equal(permission_check(&fixture->supervisor, &error), 0);
}

static void test_cannot_begin(void **state) {
        fixture->waker_error = -ENOMEM;
        assert_int_equal(begin(4711), -ENOMEM);
        assert_true(fixture->withdrawn);
        assert_null(fixture->supervisor.permission);
        assert_false(fixture->ended);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_given, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_answer_comes_first, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_refused_by_the_kernel, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_without_ctypes, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_nobody_waits_any_more, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_not_taken, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_one_at_a_time, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_cannot_begin, set_up, tear_down),
        };

        error_register();
        return cmocka_run_group_tests_name("permission", tests, NULL, NULL);
}
