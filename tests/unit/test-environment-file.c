/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/environment-file.h"

static char *folder;

static int set_up(void **state) {
        folder = g_dir_make_tmp("helicopter-test-XXXXXX", NULL);
        g_setenv("XDG_RUNTIME_DIR", folder, TRUE);
        return 0;
}

static int tear_down(void **state) {
        g_autofree char *ours = g_build_filename(folder, "helicopter", NULL);
        g_autofree char *files = g_build_filename(ours, "environment", NULL);

        g_chmod(folder, 0700);
        g_rmdir(files);
        g_rmdir(ours);
        g_rmdir(folder);
        g_clear_pointer(&folder, g_free);
        return 0;
}

static void test_write_and_remove(void **state) {
        const char *const environment[] = { "A=1", "BASH_FUNC_f%%=() {\n true\n}", "B=\xff\xfe", NULL };
        const char expected[] = "A=1\0BASH_FUNC_f%%=() {\n true\n}\0B=\xff\xfe";
        g_autofree char *path = NULL, *text = NULL;
        struct stat status;
        gsize size;
        int error = 0;

        path = environment_file_write("train", environment, &error);
        assert_non_null(path);
        assert_true(g_str_has_prefix(path, folder));
        assert_int_equal(stat(path, &status), 0);
        assert_int_equal(status.st_mode & 07777, 0600);
        assert_true(g_file_get_contents(path, &text, &size, NULL));
        assert_int_equal(size, sizeof expected);
        assert_memory_equal(text, expected, sizeof expected);

        environment_file_remove("train");
        assert_int_equal(stat(path, &status), -1);
        environment_file_remove("train"); /* nothing to remove is fine */
}

static void test_folder_cannot_be_made(void **state) {
        const char *const environment[] = { NULL };
        int error = 0;

        g_setenv("XDG_RUNTIME_DIR", "/proc/nothing", TRUE);
        assert_null(environment_file_write("train", environment, &error));
        assert_true(error < 0);
}

static void test_old_ones_are_removed(void **state) {
        const struct timespec old[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };
        const char *const environment[] = { "A=1", NULL };
        g_autofree char *left = NULL, *kept = NULL;
        int error = 0;

        left = environment_file_write("left", environment, &error);
        kept = environment_file_write("kept", environment, &error);
        assert_int_equal(utimensat(AT_FDCWD, left, old, 0), 0);
        environment_file_remove_old(G_TIME_SPAN_MINUTE);
        assert_int_equal(access(left, F_OK), -1);
        assert_int_equal(access(kept, F_OK), 0);
        environment_file_remove("kept");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_write_and_remove, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_old_ones_are_removed, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_folder_cannot_be_made, set_up, tear_down),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
