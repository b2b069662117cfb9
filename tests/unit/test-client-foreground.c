/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/foreground.h"
#include "helicopter/cleanup.h"

static int run(Foreground *foreground, const char *script) {
        char *argv[] = { (char *) "sh", (char *) "-c", (char *) script, NULL };

        foreground->file = "/bin/sh";
        foreground->argv = argv;
        return foreground_run(foreground);
}

static void assert_exit(int code, const char *script) {
        Foreground foreground = { .pass_fd = -1 };
        int status = run(&foreground, script);

        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), code);
        assert_false(foreground.timed_out);
        assert_false(foreground.taken_over);
}

static void test_status(void **state) {
        Foreground foreground = { .pass_fd = -1 };
        int status;

        assert_exit(0, "exit 0");
        assert_exit(7, "exit 7");
        status = run(&foreground, "kill -KILL $$");
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), SIGKILL);
}

static void test_interrupts_are_the_programs(void **state) {
        struct sigaction action;

        assert_exit(3, "kill -INT $PPID; kill -QUIT $PPID; exit 3");
        sigaction(SIGINT, NULL, &action);
        assert_true(action.sa_handler == SIG_DFL);
        sigaction(SIGQUIT, NULL, &action);
        assert_true(action.sa_handler == SIG_DFL);
}

/* ^C when the client has begun, and the program has not. */
static bool interrupted_at_fork;

pid_t __real_fork(void);
pid_t __wrap_fork(void);

pid_t __wrap_fork(void) {
        if (interrupted_at_fork)
                raise(SIGINT);
        return __real_fork();
}

static void test_early_interrupt(void **state) {
        char *argv[] = { (char *) "sleep", (char *) "1000", NULL };
        Foreground foreground = { .file = "/bin/sleep", .argv = argv, .pass_fd = -1, .timeout = 20 * G_USEC_PER_SEC };
        int status;

        interrupted_at_fork = true;
        status = foreground_run(&foreground); /* not of a shell, which puts ^C off */
        interrupted_at_fork = false;
        assert_false(foreground.timed_out);
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), SIGINT);
}

static void test_deadline(void **state) {
        Foreground foreground = { .pass_fd = -1, .timeout = 100 * 1000 };
        int status = run(&foreground, "exec sleep 1000");

        assert_true(foreground.timed_out);
        assert_int_equal(WTERMSIG(status), SIGKILL);
}

static void test_descriptors(void **state) {
        autofd passed = open("/dev/null", O_RDONLY | O_CLOEXEC), kept = open("/dev/null", O_RDONLY | O_CLOEXEC);
        g_autofree char *script =
                g_strdup_printf("test -e /proc/self/fd/%d && test ! -e /proc/self/fd/%d", passed, kept);
        Foreground foreground = { .pass_fd = passed };

        assert_int_equal(run(&foreground, script), 0);
        assert_true(fcntl(passed, F_GETFD) & FD_CLOEXEC); /* ours stays as it was */
}

static void test_interrupts_wait(void **state) {
        Foreground foreground = { .pass_fd = -1, .holds_interrupts = true };

        assert_int_equal(run(&foreground, "kill -INT $$; exit 0"), 0);
        foreground.holds_interrupts = false;
        assert_int_equal(WTERMSIG(run(&foreground, "kill -INT $$; exit 0")), SIGINT);
}

static void test_library_path(void **state) {
        Foreground foreground = { .pass_fd = -1, .library_path = "/x" };

        unsetenv("LD_LIBRARY_PATH");
        assert_int_equal(run(&foreground, "test \"$LD_LIBRARY_PATH\" = /x"), 0);
        setenv("LD_LIBRARY_PATH", "/own", 1);
        assert_int_equal(run(&foreground, "test \"$LD_LIBRARY_PATH\" = /own"), 0);
        unsetenv("LD_LIBRARY_PATH");
}

static int refuse(Foreground *foreground, sd_event *event) {
        assert_true(foreground->pidfd >= 0);
        return -ENOSPC;
}

static void test_what_cannot_be_waited_for_is_ended(void **state) {
        Foreground foreground = { .pass_fd = -1, .started = refuse };
        int status = run(&foreground, "exec sleep 1000");

        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), SIGTERM);
}

static void test_cannot_be_run(void **state) {
        char *argv[] = { (char *) "x", NULL };
        Foreground foreground = { .file = "/no/such/file", .argv = argv, .pass_fd = -1 };

        assert_int_equal(foreground_run(&foreground), -ENOENT);
        foreground.file = "/dev/null";
        assert_int_equal(foreground_run(&foreground), -EACCES);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_status),
                cmocka_unit_test(test_interrupts_are_the_programs),
                cmocka_unit_test(test_early_interrupt),
                cmocka_unit_test(test_deadline),
                cmocka_unit_test(test_descriptors),
                cmocka_unit_test(test_interrupts_wait),
                cmocka_unit_test(test_library_path),
                cmocka_unit_test(test_what_cannot_be_waited_for_is_ended),
                cmocka_unit_test(test_cannot_be_run),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
