/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/client-error.h"
#include "client/interpreter.h"
#include "client/spawn.h"
#include "helicopter/cleanup.h"
#include "helicopter/error.h"

/* A folder with a copy of a Python, which a process of the test runs. */
typedef struct Fixture {
        char *folder, *program;
        char *version; /* its own, "3.14" */
        pid_t pid;
} Fixture;

static void copy_program(const char *from, const char *to) {
        g_autofree char *contents = NULL;
        gsize size;

        assert_true(g_file_get_contents(from, &contents, &size, NULL));
        assert_true(g_file_set_contents_full(to, contents, (gssize) size, G_FILE_SET_CONTENTS_NONE, 0755, NULL));
}

/* What a Python says. `python3` itself may be a script that starts one. */
static char *ask_python(const char *expression) {
        g_autofree char *code = g_strdup_printf("import os, sys; print(%s, end='')", expression);
        char *argv[] = { (char *) "python3", (char *) "-c", code, NULL }, *answer = NULL;

        assert_true(g_spawn_sync(NULL, argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &answer, NULL, NULL, NULL));
        return answer;
}

static int set_up(void **state) {
        Fixture *fixture = g_new0(Fixture, 1);
        char *argv[] = { NULL, (char *) "-c", (char *) "import time; time.sleep(1000)", NULL };
        g_autofree char *python = ask_python("os.readlink('/proc/self/exe')");

        fixture->version = ask_python("'%d.%d' % sys.version_info[:2]");
        fixture->folder = g_dir_make_tmp("test-XXXXXX", NULL);
        fixture->program = g_build_filename(fixture->folder, "python3.77", NULL);
        copy_program(python, fixture->program);
        argv[0] = fixture->program;
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
        g_free(fixture->version);
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

static void assert_kept_one(const Fixture *fixture, const char *version) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        g_auto(Interpreter) interpreter = { NULL };
        g_autofree char *link = g_strdup_printf("/proc/%d/exe", (int) fixture->pid);

        assert_int_equal(interpreter_find(fixture->pid, version, &interpreter, &error), 0);
        assert_string_equal(interpreter.file, link);
        assert_string_equal(interpreter.name, fixture->program);
}

static void test_deleted(void **state) {
        Fixture *fixture = *state;

        assert_int_equal(g_unlink(fixture->program), 0);
        assert_kept_one(fixture, NULL);
        assert_kept_one(fixture, fixture->version);
}

static void test_replaced(void **state) {
        Fixture *fixture = *state;

        assert_int_equal(g_unlink(fixture->program), 0);
        copy_program("/bin/true", fixture->program);
        assert_kept_one(fixture, NULL);
}

/* The kept file is of another version than the process is said to be, and there is none of that. */
static void test_deleted_and_of_another_version(void **state) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        g_auto(Interpreter) interpreter = { NULL };
        Fixture *fixture = *state;

        assert_int_equal(g_unlink(fixture->program), 0);
        assert_true(interpreter_find(fixture->pid, "9.99.1", &interpreter, &error) < 0);
        assert_true(sd_bus_error_has_name(&error, CLIENT_ERROR_NO_INTERPRETER));
        assert_non_null(strstr(error.message, "9.99"));
        assert_non_null(strstr(error.message, fixture->version));
        assert_null(interpreter.file);
}

/* The kept file does not work any more: one of the same version is found elsewhere. */
static void test_deleted_and_found_elsewhere(void **state) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        g_auto(Interpreter) interpreter = { NULL };
        g_autofree char *path = g_strdup(g_getenv("PATH")), *other = NULL;
        Fixture *fixture = *state;

        assert_int_equal(g_unlink(fixture->program), 0);
        other = g_build_filename(fixture->folder, "python9.99", NULL);
        copy_program("/bin/true", other);
        setenv("PATH", fixture->folder, 1);
        assert_int_equal(interpreter_find(fixture->pid, "9.99.1", &interpreter, &error), 0);
        setenv("PATH", path, 1);
        assert_string_equal(interpreter.file, other);
        g_unlink(other);
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
                cmocka_unit_test_setup_teardown(test_deleted_and_of_another_version, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_deleted_and_found_elsewhere, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_embedded, set_up, tear_down),
                cmocka_unit_test(test_embedded_of_unknown_version),
                cmocka_unit_test(test_gone),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
