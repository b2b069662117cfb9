/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "parent/exit-status.h"

static int status_of(int code, int number) {
        pid_t pid = fork();
        int status;

        if (pid == 0)
                exit_as(code, number);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        return status;
}

static void test_codes(void **state) {
        assert_int_equal(WEXITSTATUS(status_of(0, 0)), 0);
        assert_int_equal(WEXITSTATUS(status_of(1, 0)), 1);
        assert_int_equal(WEXITSTATUS(status_of(255, 0)), 255);
        assert_true(WIFEXITED(status_of(3, 0)));
}

static void assert_ends_by(int number) {
        int status = status_of(-1, number);

        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), number);
        assert_false(WCOREDUMP(status));
}

static void test_signals(void **state) {
        assert_ends_by(SIGKILL);
        assert_ends_by(SIGTERM);
        assert_ends_by(SIGSEGV);
        assert_ends_by(SIGRTMIN + 3);
}

/* As in the parent, where signals are blocked and some are ignored. */
static void test_blocked_and_ignored_signals(void **state) {
        sigset_t all, old;

        sigfillset(&all);
        sigprocmask(SIG_SETMASK, &all, &old);
        signal(SIGTERM, SIG_IGN);
        assert_ends_by(SIGTERM);
        assert_ends_by(SIGINT);
        signal(SIGTERM, SIG_DFL);
        sigprocmask(SIG_SETMASK, &old, NULL);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_codes),
                cmocka_unit_test(test_signals),
                cmocka_unit_test(test_blocked_and_ignored_signals),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
