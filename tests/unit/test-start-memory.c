/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "daemon/start-memory.h"
#include "helicopter/cleanup.h"

static int failing_errno;
static size_t most_at_once;

int __real_memfd_create(const char *name, unsigned flags);
int __wrap_memfd_create(const char *name, unsigned flags);
ssize_t __real_write(int fd, const void *bytes, size_t size);
ssize_t __wrap_write(int fd, const void *bytes, size_t size);

int __wrap_memfd_create(const char *name, unsigned flags) {
        if (failing_errno == 0 || most_at_once > 0)
                return __real_memfd_create(name, flags);
        errno = failing_errno;
        return -1;
}

ssize_t __wrap_write(int fd, const void *bytes, size_t size) {
        if (most_at_once == 0)
                return __real_write(fd, bytes, size);
        if (failing_errno == 0)
                return __real_write(fd, bytes, size < most_at_once ? size : most_at_once);
        errno = failing_errno;
        return -1;
}

static int set_up(void **state) {
        failing_errno = 0;
        most_at_once = 0;
        return 0;
}

static void assert_content(int fd, const char *expected, size_t size) {
        char found[256];

        assert_true(size < sizeof found);
        assert_int_equal(pread(fd, found, sizeof found, 0), (ssize_t) size);
        assert_memory_equal(found, expected, size);
}

static void test_content(void **state) {
        const char expected[] = "A=1\0BASH_FUNC_f%%=() {\n true\n}\0B=\xff\xfe";
        g_autoptr(GBytes) text = g_bytes_new(expected, sizeof expected);
        autofd fd = start_memory_new(text), piecemeal = -1;

        assert_true(fd >= 0 && lseek(fd, 0, SEEK_CUR) == 0);
        assert_content(fd, expected, sizeof expected);
        assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);

        most_at_once = 3;
        piecemeal = start_memory_new(text);
        assert_true(piecemeal >= 0);
        assert_content(piecemeal, expected, sizeof expected);
}

/* Each parent of a unit gets the same. */
static void test_nobody_changes_it(void **state) {
        g_autoptr(GBytes) text = g_bytes_new("A=1", 4);
        autofd fd = start_memory_new(text);

        assert_int_equal(pwrite(fd, "B", 1, 0), -1);
        assert_int_equal(errno, EPERM);
        assert_int_equal(ftruncate(fd, 0), -1);
}

static void test_failures(void **state) {
        g_autoptr(GBytes) text = g_bytes_new("A=1", 4);

        failing_errno = EMFILE;
        assert_int_equal(start_memory_new(text), -EMFILE);
        most_at_once = 1;
        failing_errno = ENOSPC;
        assert_int_equal(start_memory_new(text), -ENOSPC);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(test_content, set_up),
                cmocka_unit_test_setup(test_nobody_changes_it, set_up),
                cmocka_unit_test_setup(test_failures, set_up),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
