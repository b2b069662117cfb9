/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/spawn.h"

static int wait_for(pid_t pid) {
        int status;

        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFEXITED(status));
        return WEXITSTATUS(status);
}

static void test_runs(void **state) {
        char *argv[] = { (char *) "sh", (char *) "-c", (char *) "exit 7", NULL };
        pid_t pid;

        assert_int_equal(spawn("/bin/sh", argv, NULL, NULL, &pid), 0);
        assert_int_equal(wait_for(pid), 7);
}

static void test_missing_program(void **state) {
        char *argv[] = { (char *) "none", NULL };
        pid_t pid = 42;

        assert_int_equal(spawn("/no/such/program", argv, NULL, NULL, &pid), -ENOENT);
        assert_int_equal(pid, 42);
        assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
        assert_int_equal(errno, ECHILD);
}

static int refuse(void *userdata) {
        return -EUCLEAN;
}

static void test_failing_preparation(void **state) {
        char *argv[] = { (char *) "true", NULL };
        pid_t pid = 42;

        assert_int_equal(spawn("/bin/true", argv, refuse, NULL, &pid), -EUCLEAN);
        assert_int_equal(pid, 42);
}

static int occupy_low_descriptors(void *userdata) {
        for (int fd = 3; fd < 10; fd++)
                if (dup2(STDERR_FILENO, fd) < 0)
                        return -errno;
        return 0;
}

/* The error must come through although the child has given out the low numbers. */
static void test_preparation_may_use_low_descriptors(void **state) {
        char *argv[] = { (char *) "none", NULL };
        pid_t pid;

        assert_int_equal(spawn("/no/such/program", argv, occupy_low_descriptors, NULL, &pid), -ENOENT);
}

static void test_signals_are_as_at_first(void **state) {
        char *argv[] = { (char *) "sh", (char *) "-c", (char *) "kill -INT $$; exit 0", NULL };
        sigset_t blocked;
        pid_t pid;
        int status;

        signal(SIGINT, SIG_IGN);
        sigemptyset(&blocked);
        sigaddset(&blocked, SIGINT);
        sigprocmask(SIG_BLOCK, &blocked, NULL);
        assert_int_equal(spawn("/bin/sh", argv, NULL, NULL, &pid), 0);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
        sigprocmask(SIG_UNBLOCK, &blocked, NULL);
        signal(SIGINT, SIG_DFL);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_runs),
                cmocka_unit_test(test_missing_program),
                cmocka_unit_test(test_failing_preparation),
                cmocka_unit_test(test_preparation_may_use_low_descriptors),
                cmocka_unit_test(test_signals_are_as_at_first),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
