/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "helicopter/cleanup.h"
#include "helicopter/parent-lock.h"

static char *folder;
static int life[2]; /* an heir ends when this pipe is closed */

static int set_up(void **state) {
        folder = g_dir_make_tmp("helicopter-test-XXXXXX", NULL);
        g_setenv("XDG_RUNTIME_DIR", folder, TRUE);
        return 0;
}

static int tear_down(void **state) {
        g_autofree char *ours = g_build_filename(folder, "helicopter", NULL);
        g_autofree char *file = g_build_filename(ours, "parents", NULL);

        g_unlink(file);
        g_rmdir(ours);
        g_rmdir(folder);
        g_clear_pointer(&folder, g_free);
        return 0;
}

/* A process that holds a lock, and for `heir` a child of its own, which outlives it. */
static pid_t start_holder(bool heir) {
        int ready[2];
        char byte;
        pid_t pid;

        assert_int_equal(pipe(ready), 0);
        pid = fork();
        if (pid == 0) {
                int fd = parent_lock_take();

                if (heir && fork() == 0) {
                        close(life[1]);
                        close(ready[1]);
                        _exit(read(life[0], &byte, 1) != 0);
                }
                if (fd < 0 || write(ready[1], "", 1) != 1)
                        _exit(1);
                for (;;)
                        pause();
        }
        close(ready[1]);
        assert_int_equal(read(ready[0], &byte, 1), 1);
        close(ready[0]);
        return pid;
}

static void end_holder(pid_t pid) {
        kill(pid, SIGKILL);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static int by_number(const void *a, const void *b) {
        return *(const pid_t *) a - *(const pid_t *) b;
}

static void test_nobody(void **state) {
        g_autofree pid_t *pids = NULL;

        assert_int_equal(parent_lock_list(10, &pids), 0);
        assert_false(parent_lock_is_held(getpid()));
}

static void test_all_are_listed(void **state) {
        g_autofree pid_t *pids = NULL;
        pid_t holders[20];

        for (size_t i = 0; i < G_N_ELEMENTS(holders); i++)
                holders[i] = start_holder(false);
        assert_int_equal(parent_lock_list(100, &pids), G_N_ELEMENTS(holders));
        qsort(pids, G_N_ELEMENTS(holders), sizeof *pids, by_number);
        qsort(holders, G_N_ELEMENTS(holders), sizeof *holders, by_number);
        assert_memory_equal(pids, holders, sizeof holders);
        assert_true(parent_lock_is_held(holders[3]));
        assert_false(parent_lock_is_held(getpid()));
        for (size_t i = 0; i < G_N_ELEMENTS(holders); i++)
                end_holder(holders[i]);
}

static void test_no_more_than_asked_for(void **state) {
        g_autofree pid_t *pids = NULL;
        pid_t holders[] = { start_holder(false), start_holder(false), start_holder(false) };

        assert_int_equal(parent_lock_list(2, &pids), 2);
        for (size_t i = 0; i < G_N_ELEMENTS(holders); i++)
                end_holder(holders[i]);
}

static void test_it_ends_with_its_process(void **state) {
        g_autofree pid_t *pids = NULL;
        pid_t holder;

        assert_int_equal(pipe(life), 0);
        holder = start_holder(true);

        assert_true(parent_lock_is_held(holder));
        end_holder(holder);
        assert_false(parent_lock_is_held(holder)); /* although its child lives, and has a copy of the descriptor */
        assert_int_equal(parent_lock_list(10, &pids), 0);
        close(life[0]);
        close(life[1]);
}

/* The byte is taken, as it may be by a process of another pid namespace that has the same pid there. */
static void test_taken_byte(void **state) {
        g_autofree pid_t *pids = NULL;
        pid_t holder = start_holder(false);
        autofd fd = -1;
        pid_t other = fork();

        if (other == 0) {
                struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = getpid(), .l_len = 1 };
                g_autofree char *path = g_build_filename(folder, "helicopter", "parents", NULL);
                int file = open(path, O_RDWR | O_CLOEXEC);

                lock.l_start = getppid();
                _exit(fcntl(file, F_SETLK, &lock) < 0 || raise(SIGSTOP) != 0);
        }
        assert_int_equal(waitpid(other, NULL, WUNTRACED), other);
        fd = parent_lock_take();
        assert_true(fd >= 0);
        assert_false(parent_lock_is_held(getpid()));
        end_holder(other);
        end_holder(holder);
        assert_int_equal(parent_lock_list(10, &pids), 0); /* one's own are none of the others' */
}

static void test_all_of_the_file_is_taken(void **state) {
        pid_t holder = start_holder(false), other = fork();
        g_autofree pid_t *pids = NULL;

        if (other == 0) {
                struct flock lock = { .l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = 0x7fffffff, .l_len = 0 };
                g_autofree char *path = g_build_filename(folder, "helicopter", "parents", NULL);
                int file = open(path, O_RDWR | O_CLOEXEC);

                _exit(fcntl(file, F_SETLK, &lock) < 0 || raise(SIGSTOP) != 0);
        }
        assert_int_equal(waitpid(other, NULL, WUNTRACED), other);
        assert_int_equal(parent_lock_list(10, &pids), 2);
        end_holder(other);
        end_holder(holder);
}

static void test_folder_that_was_removed(void **state) {
        autofd fd = parent_lock_take();

        assert_true(fd >= 0);
        assert_true(parent_lock_is_current(fd));
        tear_down(state);
        assert_false(parent_lock_is_current(fd));
        set_up(state);
}

static void test_folder_open_to_others(void **state) {
        assert_int_equal(g_chmod(folder, 0777), 0);
        assert_int_equal(parent_lock_take(), -EPERM);
}

static void test_no_folder(void **state) {
        g_autofree pid_t *pids = NULL;

        g_setenv("XDG_RUNTIME_DIR", "/proc/nothing", TRUE);
        assert_true(parent_lock_take() < 0);
        assert_int_equal(parent_lock_list(10, &pids), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_nobody),
                TEST(test_all_are_listed),
                TEST(test_no_more_than_asked_for),
                TEST(test_it_ends_with_its_process),
                TEST(test_taken_byte),
                TEST(test_all_of_the_file_is_taken),
                TEST(test_folder_that_was_removed),
                TEST(test_folder_open_to_others),
                TEST(test_no_folder),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
