/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "helicopter/cleanup.h"
#include "helicopter/process.h"

/* A child that waits until it is killed. Its grandchild too, when `depth` is 2, and so on; the pids come through a
 * pipe. */
static pid_t spawn_chain(int depth, pid_t *pids) {
        int ends[2];
        pid_t first;

        assert_int_equal(pipe(ends), 0);
        first = fork();
        if (first == 0) {
                for (int level = 0;; level++) {
                        pid_t self = getpid();

                        if (write(ends[1], &self, sizeof self) != sizeof self || level + 1 == depth || fork() != 0)
                                break;
                }
                for (;;)
                        pause();
        }
        for (int level = 0; level < depth; level++)
                assert_int_equal(read(ends[0], &pids[level], sizeof(pid_t)), sizeof(pid_t));
        close(ends[0]);
        close(ends[1]);
        return first;
}

static void end_chain(const pid_t *pids, int depth) {
        for (int level = depth - 1; level >= 0; level--)
                kill(pids[level], SIGKILL);
        waitpid(pids[0], NULL, 0);
}

static void test_status_of_ourselves(void **state) {
        ProcessStatus status;

        assert_int_equal(process_status(getpid(), &status), 0);
        assert_int_equal(status.parent, getppid());
        assert_int_equal(status.tracer, 0);
        assert_int_equal(status.state, 'R');
}

static void test_status_of_nobody(void **state) {
        ProcessStatus status = { .parent = 42 };

        assert_int_equal(process_status(0x7ffffffe, &status), -ESRCH);
        assert_int_equal(status.parent, 42);
}

static void test_users(void **state) {
        uid_t real = 42, effective = 42;

        assert_int_equal(process_users(getpid(), &real, &effective), 0);
        assert_int_equal(real, getuid());
        assert_int_equal(effective, geteuid());
        assert_int_equal(process_users(0x7ffffffe, &real, &effective), -ESRCH);
}

static void test_terminal(void **state) {
        int status = -1;
        pid_t pid = fork();

        if (pid == 0) { /* a new session has none */
                setsid();
                _exit(process_has_terminal(getpid()) == 0 ? 0 : 1);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
        assert_int_equal(process_has_terminal(0x7ffffffe), -ESRCH);
}

static void test_namespaces_of_two(void **state) {
        pid_t pid;

        spawn_chain(1, &pid);
        assert_int_equal(process_same_namespaces(pid, getpid()), 1);
        assert_int_equal(process_similar_namespaces(pid, getpid()), 1);
        end_chain(&pid, 1);
        assert_int_equal(process_same_namespaces(0x7ffffffe, getpid()), -ESRCH);
        assert_int_equal(process_similar_namespaces(getpid(), 0x7ffffffe), -ESRCH);
}

static void test_pidfd_and_end(void **state) {
        pid_t pid;
        autofd pidfd = -1;

        spawn_chain(1, &pid);
        pidfd = process_open(pid);
        assert_true(pidfd >= 0);
        assert_true(process_alive(pidfd));
        kill(pid, SIGKILL);
        assert_int_equal(waitid(P_PID, (id_t) pid, &(siginfo_t) {}, WEXITED | WNOWAIT), 0);
        assert_false(process_alive(pidfd)); /* as a zombie already */
        waitpid(pid, NULL, 0);
        assert_false(process_alive(pidfd));
        assert_int_equal(process_open(pid), -ESRCH);
}

static void test_descendants(void **state) {
        g_autofree pid_t *found = NULL;
        pid_t pids[3];
        int count;

        spawn_chain(3, pids);
        assert_int_equal(process_is_descendant(pids[0], getpid()), 1);
        assert_int_equal(process_is_descendant(pids[2], getpid()), 1);
        assert_int_equal(process_is_descendant(pids[2], pids[1]), 1);
        assert_int_equal(process_is_descendant(pids[0], pids[1]), 0);
        assert_int_equal(process_is_descendant(getpid(), getpid()), 0);
        assert_int_equal(process_is_descendant(0x7ffffffe, getpid()), -ESRCH);

        count = process_descendants(getpid(), 100, &found);
        assert_int_equal(count, 3);
        assert_memory_equal(found, pids, sizeof pids);
        end_chain(pids, 3);
}

static void test_descendants_are_bounded(void **state) {
        pid_t pids[3], *found = NULL;

        spawn_chain(3, pids);
        assert_int_equal(process_descendants(getpid(), 2, &found), -E2BIG);
        assert_null(found);
        end_chain(pids, 3);
}

static void test_no_descendants(void **state) {
        g_autofree pid_t *found = NULL;

        assert_int_equal(process_descendants(getpid(), 2, &found), 0);
}

static void test_command(void **state) {
        g_autofree char *ours = process_command(getpid());
        g_autofree char *kernel_thread = process_command(2);

        assert_non_null(strstr(ours, "test-process"));
        if (kernel_thread) /* not seen from inside a pid namespace */
                assert_int_equal(kernel_thread[0] == '[', strstr(kernel_thread, "kthreadd") != NULL);
        assert_null(process_command(0x7ffffffe));
}

/* process_command() of a shell that is started with this command line. */
static char *command_of(char **argv) {
        int input[2], ready[2];
        char *command, end;
        pid_t pid;

        assert_int_equal(pipe(input), 0);
        assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
        pid = fork();
        if (pid == 0) {
                dup2(input[0], 0);
                close(input[1]);
                execv("/bin/sh", argv);
                _exit(1);
        }
        close(ready[1]);
        assert_int_equal(read(ready[0], &end, 1), 0); /* closed by its exec */
        command = process_command(pid);
        close(input[1]);
        close(input[0]);
        close(ready[0]);
        waitpid(pid, NULL, 0);
        return command;
}

/* A command line may hold anything: line feeds and other than UTF-8 too. */
static void test_hostile_command(void **state) {
        char *argv[] = { (char *) "a\n\x1b[31m\xff", (char *) "-c", (char *) "read line", NULL };
        g_autofree char *command = command_of(argv);

        assert_non_null(command);
        assert_true(g_utf8_validate(command, -1, NULL));
        assert_null(strpbrk(command, "\n\x1b"));
}

/* All that is read is 64 KiB. */
static void test_long_command(void **state) {
        g_autofree char *long_word = g_strnfill(10000, 'a'), *longer_word = g_strnfill(100000, 'b');
        char *argv[] = { (char *) "sh", (char *) "-c", (char *) "read line", long_word, longer_word, NULL };
        g_autofree char *command = command_of(argv);

        assert_non_null(command);
        assert_non_null(strstr(command, long_word));
        assert_int_equal(strlen(command), 64 * 1024);
        assert_true(g_str_has_suffix(command, "bbb"));
}

/* What has ended has no command line any more, only a name. */
static void test_command_of_ended(void **state) {
        g_autofree char *command = NULL, *expected = NULL;
        char name[16]; /* not ours under valgrind */
        siginfo_t info;
        pid_t pid = fork();

        if (pid == 0)
                _exit(0);
        assert_int_equal(prctl(PR_GET_NAME, name), 0);
        assert_int_equal(waitid(P_PID, (id_t) pid, &info, WEXITED | WNOWAIT), 0);
        command = process_command(pid);
        expected = g_strdup_printf("[%s]", name);
        assert_string_equal(command, expected);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void test_control_group(void **state) {
        g_autofree char *group = process_control_group(getpid());

        if (group) /* the unified hierarchy may not be mounted */
                assert_int_equal(group[0], '/');
        assert_null(process_control_group(0x7ffffffe));
}

static void test_one_namespace(void **state) {
        assert_int_equal(process_shares_namespace(getpid(), "pid"), 1);
        assert_int_equal(process_shares_namespace(getpid(), "user"), 1);
        assert_int_equal(process_shares_namespace(0x3ffffff, "pid"), -ESRCH);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_one_namespace),
                cmocka_unit_test(test_status_of_ourselves),
                cmocka_unit_test(test_status_of_nobody),
                cmocka_unit_test(test_users),
                cmocka_unit_test(test_terminal),
                cmocka_unit_test(test_namespaces_of_two),
                cmocka_unit_test(test_pidfd_and_end),
                cmocka_unit_test(test_descendants),
                cmocka_unit_test(test_descendants_are_bounded),
                cmocka_unit_test(test_no_descendants),
                cmocka_unit_test(test_command),
                cmocka_unit_test(test_hostile_command),
                cmocka_unit_test(test_long_command),
                cmocka_unit_test(test_command_of_ended),
                cmocka_unit_test(test_control_group),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
