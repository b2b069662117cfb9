/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "parent/script-file.h"

int __wrap_memfd_create(const char *name, unsigned flags);
int __real_memfd_create(const char *name, unsigned flags);
ssize_t __wrap_write(int fd, const void *data, size_t size);
ssize_t __real_write(int fd, const void *data, size_t size);

static int memfd_error;
static int write_error;
static size_t write_most;

int __wrap_memfd_create(const char *name, unsigned flags) {
        if (memfd_error != 0) {
                errno = memfd_error;
                return -1;
        }
        return __real_memfd_create(name, flags);
}

ssize_t __wrap_write(int fd, const void *data, size_t size) {
        if (write_error != 0) {
                errno = write_error;
                return -1;
        }
        return __real_write(fd, data, write_most > 0 && size > write_most ? write_most : size);
}

static int set_up(void **state) {
        memfd_error = write_error = 0;
        write_most = 0;
        return 0;
}

static void test_a_path_that_can_be_read(void **state) {
        ScriptFile file = SCRIPT_FILE_NONE;
        g_autofree char *text = NULL;

        write_most = 2;
        assert_int_equal(script_file_new(getpid(), "print(1)", 8, &file), 0);
        assert_true(fcntl(file.fd, F_GETFD) & FD_CLOEXEC);
        assert_null(file.file);
        assert_true(g_file_get_contents(file.path, &text, NULL, NULL));
        assert_string_equal(text, "print(1)");
        script_file_clear(&file);
        assert_int_equal(file.fd, -1);
        assert_null(file.path);
}

/* A process that is not there sees nothing, neither of our /proc nor of its own /tmp. */
static void test_reader_is_gone(void **state) {
        ScriptFile file = SCRIPT_FILE_NONE;

        assert_true(script_file_new(0x3ffffff, "x", 1, &file) < 0);
        assert_int_equal(file.fd, -1);
        assert_null(file.path);
}

static void test_errors(void **state) {
        ScriptFile file = SCRIPT_FILE_NONE;

        memfd_error = EMFILE;
        assert_int_equal(script_file_new(getpid(), "x", 1, &file), -EMFILE);
        memfd_error = 0;
        write_error = ENOSPC;
        assert_int_equal(script_file_new(getpid(), "x", 1, &file), -ENOSPC);
        assert_int_equal(file.fd, -1);
}

/* Where our /proc is not seen, the file is in /tmp, and is removed. */
static void test_folder(void **state) {
        ScriptFile file = SCRIPT_FILE_NONE;
        g_autofree char *path = NULL, *text = NULL;

        memfd_error = ENOENT;
        assert_int_equal(script_file_new(getpid(), "print(2)", 8, &file), 0);
        assert_true(g_str_has_prefix(file.path, "/tmp/helicopter-"));
        assert_true(g_file_get_contents(file.path, &text, NULL, NULL));
        assert_string_equal(text, "print(2)");
        path = g_strdup(file.path);
        script_file_clear(&file);
        assert_int_equal(access(path, F_OK), -1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(test_a_path_that_can_be_read, set_up),
                cmocka_unit_test_setup(test_reader_is_gone, set_up),
                cmocka_unit_test_setup(test_errors, set_up),
                cmocka_unit_test_setup(test_folder, set_up),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
