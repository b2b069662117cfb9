/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include <glib.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/process-environment.h"
#include "client/spawn.h"

#define TARGET "python3.77"

/* This program again, as a process that does nothing, with that command line. */
static pid_t start(const char *command) {
        g_auto(GStrv) argv = g_strsplit(command, " ", -1);
        pid_t pid;

        assert_int_equal(spawn("/proc/self/exe", argv, NULL, NULL, &pid), 0);
        return pid;
}

static void end(pid_t pid) {
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
}

static void test_variables(void **state) {
        g_autofree char *found = NULL, *empty = NULL;
        pid_t pid;

        setenv("PRESENT", "a=b", 1);
        setenv("EMPTY", "", 1);
        pid = start(TARGET);
        unsetenv("PRESENT");
        found = process_environment_get(pid, "PRESENT");
        empty = process_environment_get(pid, "EMPTY");
        assert_string_equal(found, "a=b");
        assert_string_equal(empty, "");
        assert_null(process_environment_get(pid, "PRES"));
        end(pid);
        assert_null(process_environment_get(pid, "PRESENT"));
}

static void assert_option(bool expected, const char *command) {
        pid_t pid = start(command);

        assert_int_equal(process_environment_has_x_option(pid, "wanted"), expected);
        end(pid);
}

static void test_x_options(void **state) {
        assert_option(true, TARGET " -X wanted x.py");
        assert_option(true, TARGET " -Xwanted");
        assert_option(true, TARGET " -I -W ignore -X other -X wanted -c pass");
        assert_option(false, TARGET);
        assert_option(false, TARGET " -X");
        assert_option(false, TARGET " -X other x.py");
        assert_option(false, TARGET " -W -X wanted");
        assert_option(false, TARGET " x.py -X wanted");
        assert_option(false, TARGET " -c pass -X wanted");
        assert_option(false, TARGET " -m this -Xwanted");
        assert_option(false, TARGET " -- -Xwanted");
        assert_false(process_environment_has_x_option(0x7fffffff, "wanted"));
}

int main(int argc, char **argv) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_variables),
                cmocka_unit_test(test_x_options),
        };

        if (argc > 0 && strcmp(argv[0], TARGET) == 0)
                return pause();
        return cmocka_run_group_tests(tests, NULL, NULL);
}
