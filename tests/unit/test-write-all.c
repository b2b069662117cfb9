/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "helicopter/write-all.h"

ssize_t __wrap_write(int fd, const void *data, size_t size);

static char written[16];
static size_t length;
static int errors[2];
static unsigned calls;

/* Two bytes at a time, after the errors that are wanted. */
ssize_t __wrap_write(int fd, const void *data, size_t size) {
        size_t part = size < 2 ? size : 2;

        if (calls < 2 && errors[calls] != 0) {
                errno = errors[calls++];
                return -1;
        }
        calls++;
        memcpy(written + length, data, part);
        length += part;
        return (ssize_t) part;
}

static int set_up(void **state) {
        memset(written, 0, sizeof written);
        length = calls = 0;
        errors[0] = errors[1] = 0;
        return 0;
}

static void test_in_parts(void **state) {
        assert_int_equal(write_all(1, "12345", 5), 0);
        assert_string_equal(written, "12345");
        assert_int_equal(calls, 3);
}

static void test_interrupted(void **state) {
        errors[0] = EINTR;
        assert_int_equal(write_all(1, "123", 3), 0);
        assert_string_equal(written, "123");
}

static void test_failed(void **state) {
        errors[1] = ENOSPC;
        assert_int_equal(write_all(1, "123", 3), -ENOSPC);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(test_in_parts, set_up),
                cmocka_unit_test_setup(test_interrupted, set_up),
                cmocka_unit_test_setup(test_failed, set_up),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
