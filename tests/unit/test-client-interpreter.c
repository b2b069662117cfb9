/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/client-error.h"
#include "client/interpreter.h"
#include "client/spawn.h"
#include "helicopter/cleanup.h"
#include "helicopter/error.h"

/* A folder with a program that is called like a Python, which a process of the test runs. */
typedef struct Fixture {
        char *folder, *program;
        pid_t pid;
} Fixture;

static void copy_program(const char *from, const char *to) {
        g_autofree char *contents = NULL;
        gsize size;

        assert_true(g_file_get_contents(from, &contents, &size, NULL));
        assert_true(g_file_set_contents_full(to, contents, (gssize) size, G_FILE_SET_CONTENTS_NONE, 0755, NULL));
}

static int set_up(void **state) {
        Fixture *fixture = g_new0(Fixture, 1);
        char *argv[] = { (char *) "sleep", (char *) "1000", NULL };

        fixture->folder = g_dir_make_tmp("test-XXXXXX", NULL);
        fixture->program = g_build_filename(fixture->folder, "python3.77", NULL);
        copy_program("/bin/sleep", fixture->program);
        setenv("LD_LIBRARY_PATH", "/somewhere", 1);
        assert_int_equal(spawn(fixture->program, argv, NULL, NULL, &fixture->pid), 0);
        unsetenv("LD_LIBRARY_PATH");
        *state = fixture;
        return 0;
}

static int tear_down(void **state) {
        Fixture *fixture = *state;

        kill(fixture->pid, SIGKILL);
        waitpid(fixture->pid, NULL, 0);
        g_unlink(fixture->program);
        g_rmdir(fixture->folder);
        g_free(fixture->folder);
        g_free(fixture->program);
        g_free(fixture);
        return 0;
}

static void test_the_jobs_own(void **state) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        g_auto(Interpreter) interpreter = { NULL };
        Fixture *fixture = *state;

        assert_int_equal(interpreter_find(fixture->pid, "", &interpreter, &error), 0);
        assert_string_equal(interpreter.file, fixture->program);
        assert_string_equal(interpreter.name, fixture->program);
        assert_string_equal(interpreter.library_path, "/somewhere");
}

static void assert_kept_one(const Fixture *fixture) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        g_auto(Interpreter) interpreter = { NULL };
        g_autofree char *link = g_strdup_printf("/proc/%d/exe", (int) fixture->pid);

        assert_int_equal(interpreter_find(fixture->pid, NULL, &interpreter, &error), 0);
        assert_string_equal(interpreter.file, link);
        assert_string_equal(interpreter.name, fixture->program);
}

static void test_deleted(void **state) {
        Fixture *fixture = *state;

        assert_int_equal(g_unlink(fixture->program), 0);
        assert_kept_one(fixture);
}

static void test_replaced(void **state) {
        Fixture *fixture = *state;

        assert_int_equal(g_unlink(fixture->program), 0);
        copy_program("/bin/true", fixture->program);
        assert_kept_one(fixture);
}

/* The test itself stands for a program with a Python within. */
static void test_embedded(void **state) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        g_auto(Interpreter) interpreter = { NULL };
        Fixture *fixture = *state;

        setenv("PATH", fixture->folder, 1);
        assert_int_equal(interpreter_find(getpid(), "3.77.1", &interpreter, &error), 0);
        assert_string_equal(interpreter.file, fixture->program);
        assert_string_equal(interpreter.name, fixture->program);
        assert_null(interpreter.library_path);
}

static void assert_none(const char *version) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        g_auto(Interpreter) interpreter = { NULL };

        assert_true(interpreter_find(getpid(), version, &interpreter, &error) < 0);
        assert_true(sd_bus_error_has_name(&error, CLIENT_ERROR_NO_INTERPRETER));
        assert_null(interpreter.file);
}

static void test_embedded_of_unknown_version(void **state) {
        assert_none(NULL);
        assert_none("");
        assert_none("nonsense");
        assert_none("9.99.9");
}

static void test_gone(void **state) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        g_auto(Interpreter) interpreter = { NULL };
        pid_t pid = fork();

        if (pid == 0)
                _exit(0);
        waitpid(pid, NULL, 0);
        assert_true(interpreter_find(pid, "3.14.0", &interpreter, &error) < 0);
        assert_true(sd_bus_error_has_name(&error, HELICOPTER_ERROR_TARGET_GONE));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_the_jobs_own, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_deleted, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_replaced, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_embedded, set_up, tear_down),
                cmocka_unit_test(test_embedded_of_unknown_version),
                cmocka_unit_test(test_gone),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
