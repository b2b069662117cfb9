/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "parent/child.h"

#define DEADLINE_MS 60000

static void fork_command(char **command, char **environment, Child *child) {
        sigset_t mask;

        sigprocmask(SIG_BLOCK, NULL, &mask);
        assert_int_equal(child_fork(command, environment, &mask, child), 0);
        assert_true(child->pid > 0);
        assert_true(child->pidfd >= 0);
}

static void wait_until_told(const Child *child) {
        struct pollfd told = { .fd = child->told, .events = POLLIN };

        assert_int_equal(poll(&told, 1, DEADLINE_MS), 1);
}

static int reap(const Child *child) {
        struct pollfd end = { .fd = child->pidfd, .events = POLLIN };
        int status;

        assert_int_equal(poll(&end, 1, DEADLINE_MS), 1);
        assert_int_equal(waitpid(child->pid, &status, 0), child->pid);
        return status;
}

static void test_is_held_until_it_is_released(void **state) {
        char *command[] = { (char *) "true", NULL };
        struct pollfd told = { .events = POLLIN };
        Child child;

        fork_command(command, NULL, &child);
        told.fd = child.told;
        assert_int_equal(poll(&told, 1, 50), 0);
        child_release(&child);
        assert_int_equal(child.go, -1);
        wait_until_told(&child);
        assert_int_equal(child_exec_result(&child), 0);
        assert_int_equal(reap(&child), 0);
        child_close(&child);
}

static void assert_exec_fails(const char *file, int error) {
        char *command[] = { (char *) file, NULL };
        Child child;

        fork_command(command, NULL, &child);
        child_release(&child);
        wait_until_told(&child);
        assert_int_equal(child_exec_result(&child), error);
        assert_int_equal(WEXITSTATUS(reap(&child)), 127);
        child_close(&child);
}

static void test_exec_failures(void **state) {
        assert_exec_fails("no-such-command-anywhere", -ENOENT);
        assert_exec_fails("/no/such/file", -ENOENT);
        assert_exec_fails("/etc/passwd", -EACCES);
        assert_exec_fails("/etc", -EACCES);
}

static void test_one_that_is_not_released_ends(void **state) {
        char *command[] = { (char *) "sleep", (char *) "1000", NULL };
        Child child;
        int status;

        fork_command(command, NULL, &child);
        close(child.go);
        child.go = -1;
        status = reap(&child);
        assert_true(WIFEXITED(status));
        assert_int_not_equal(WEXITSTATUS(status), 0);
        child_close(&child);
}

static void test_environment(void **state) {
        char *command[] = { (char *) "sh", (char *) "-c", (char *) "test \"$A\" = b && test -z \"$HOME\"", NULL };
        char *environment[] = { (char *) "A=b", (char *) "PATH=/usr/bin:/bin", NULL };
        Child child;

        g_setenv("HOME", "/somewhere", TRUE);
        fork_command(command, environment, &child);
        child_release(&child);
        assert_int_equal(reap(&child), 0);
        child_close(&child);
}

/* The command is looked for in the PATH that it is to have, not in the parent's. */
static void test_path_of_the_environment(void **state) {
        char *command[] = { (char *) "true", NULL };
        char *environment[] = { (char *) "PATH=/nonexistent", NULL };
        Child child;

        fork_command(command, environment, &child);
        child_release(&child);
        wait_until_told(&child);
        assert_int_equal(child_exec_result(&child), -ENOENT);
        reap(&child);
        child_close(&child);
}

static void test_kill(void **state) {
        char *command[] = { (char *) "sleep", (char *) "1000", NULL };
        Child child;
        int status;

        fork_command(command, NULL, &child);
        child_release(&child);
        wait_until_told(&child);
        child_kill(&child, SIGUSR1);
        status = reap(&child);
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), SIGUSR1);
        child_kill(&child, SIGKILL); /* nobody is there: nothing happens */
        child_close(&child);
}

static void test_signal_mask_is_the_one_given(void **state) {
        char *command[] = { (char *) "grep", (char *) "-q", (char *) "^SigBlk:.*0000000000000200$",
                (char *) "/proc/self/status", NULL };
        sigset_t mask, all, old;
        Child child;

        sigemptyset(&mask);
        sigaddset(&mask, SIGUSR1);
        sigfillset(&all);
        sigprocmask(SIG_SETMASK, &all, &old);
        assert_int_equal(child_fork(command, NULL, &mask, &child), 0);
        child_release(&child);
        assert_int_equal(reap(&child), 0);
        sigprocmask(SIG_SETMASK, &old, NULL);
        child_close(&child);
}

/* A parent that is killed takes its job along, with a signal that lets it tidy up. */
static void test_the_end_of_the_parent_ends_it(void **state) {
        char *command[] = { (char *) "sh", (char *) "-c",
                (char *) "trap 'echo asked; exit' TERM; echo ready; read line", NULL };
        char text[6] = "";
        int input[2], output[2];
        pid_t parent;

        assert_int_equal(pipe2(input, O_CLOEXEC), 0);
        assert_int_equal(pipe2(output, O_CLOEXEC), 0);
        parent = fork();
        if (parent == 0) {
                Child child;
                sigset_t none;

                sigemptyset(&none);
                dup2(input[0], 0);
                dup2(output[1], 1);
                if (child_fork(command, NULL, &none, &child) < 0)
                        _exit(1);
                child_release(&child);
                for (;;)
                        pause();
        }
        close(output[1]);
        assert_int_equal(read(output[0], text, 6), 6);
        assert_memory_equal(text, "ready\n", 6);
        kill(parent, SIGKILL);
        assert_int_equal(read(output[0], text, 6), 6);
        assert_memory_equal(text, "asked\n", 6);
        waitpid(parent, NULL, 0);
        close(output[0]);
        close(input[0]);
        close(input[1]);
}

/* Failing system calls: nothing is left open or running. */
static int failing_pipes, failing_forks;

int __real_pipe2(int *ends, int flags);
int __wrap_pipe2(int *ends, int flags);
int __wrap_pipe2(int *ends, int flags) {
        if (failing_pipes > 0 && --failing_pipes == 0) {
                errno = EMFILE;
                return -1;
        }
        return __real_pipe2(ends, flags);
}

pid_t __real_fork(void);
pid_t __wrap_fork(void);
pid_t __wrap_fork(void) {
        if (failing_forks > 0 && --failing_forks == 0) {
                errno = EAGAIN;
                return -1;
        }
        return __real_fork();
}

static int count_open(void) {
        g_autoptr(GDir) folder = g_dir_open("/proc/self/fd", 0, NULL);
        int count = 0;

        while (g_dir_read_name(folder))
                count++;
        return count;
}

static void test_failures_leave_nothing_open(void **state) {
        char *command[] = { (char *) "true", NULL };
        sigset_t mask;
        Child child;
        int before = count_open();

        sigemptyset(&mask);
        failing_pipes = 1;
        assert_int_equal(child_fork(command, NULL, &mask, &child), -EMFILE);
        failing_pipes = 2;
        assert_int_equal(child_fork(command, NULL, &mask, &child), -EMFILE);
        failing_forks = 1;
        assert_int_equal(child_fork(command, NULL, &mask, &child), -EAGAIN);
        assert_int_equal(count_open(), before);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_is_held_until_it_is_released),
                cmocka_unit_test(test_exec_failures),
                cmocka_unit_test(test_one_that_is_not_released_ends),
                cmocka_unit_test(test_environment),
                cmocka_unit_test(test_path_of_the_environment),
                cmocka_unit_test(test_kill),
                cmocka_unit_test(test_signal_mask_is_the_one_given),
                cmocka_unit_test(test_the_end_of_the_parent_ends_it),
                cmocka_unit_test(test_failures_leave_nothing_open),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
