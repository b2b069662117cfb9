/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include <errno.h>
#include <glib.h>
#include <string.h>

#include "lib/python-string.h"
#include "tests/unit/made-up-memory.h"
#include "tests/unit/python-table.h"

#define ADDRESS (MADE_UP_BASE + 64)
#define MAX_LENGTH 20

static void assert_read(int free_threaded, const char *expected) {
        const PythonOffsets offsets = made_up_offsets(14, free_threaded);
        g_autofree char *text = NULL;

        assert_int_equal(python_string_read(1, ADDRESS, &offsets, MAX_LENGTH, &text), 0);
        assert_string_equal(text, expected);
}

static void assert_refused(int expected) {
        const PythonOffsets offsets = made_up_offsets(14, 0);
        char *text = NULL;

        assert_int_equal(python_string_read(1, ADDRESS, &offsets, MAX_LENGTH, &text), expected);
        assert_null(text);
}

static void test_widths(void **state) {
        const uint16_t two[] = { 'a', 0x3a9, 'b' };
        const uint32_t four[] = { 'a', 0x1f600, 'b' };

        for (int free_threaded = 0; free_threaded < 2; free_threaded++) {
                made_up_clear();
                made_up_string(ADDRESS, "abc", 3, 1, true, free_threaded);
                assert_read(free_threaded, "abc");
                made_up_string(ADDRESS, "gr\xf6\xdf", 4, 1, false, free_threaded);
                assert_read(free_threaded, "größ");
                made_up_string(ADDRESS, two, 3, 2, false, free_threaded);
                assert_read(free_threaded, "aΩb");
                made_up_string(ADDRESS, four, 3, 4, false, free_threaded);
                assert_read(free_threaded, "a😀b");
                made_up_string(ADDRESS, "", 0, 1, true, free_threaded);
                assert_read(free_threaded, "");
        }
}

static void test_is_printable(void **state) {
        const uint16_t two[] = { 'a', 0xdce9, 0x85 };
        const uint32_t four[] = { 'a', 0x110000, UINT32_MAX };

        made_up_clear();
        made_up_string(ADDRESS, "a\0\x1b[2J\n", 7, 1, true, false);
        assert_read(false, "a??[2J?");
        made_up_string(ADDRESS, two, 3, 2, false, false);
        assert_read(false, "a\uFFFD?");
        made_up_string(ADDRESS, four, 3, 4, false, false);
        assert_read(false, "a\uFFFD\uFFFD");
}

static void test_long(void **state) {
        made_up_clear();
        made_up_string(ADDRESS, "abcdefghijklmnopqrst", 20, 1, true, false);
        assert_read(false, "abcdefghijklmnopqrst");
        made_up_string(ADDRESS, "abcdefghijklmnopqrstu", 21, 1, true, false);
        assert_read(false, "abcdefghijklmnopqrst…");
        made_up_word(ADDRESS + TABLE_LENGTH, INT64_MAX); /* no more than is wanted is read */
        assert_read(false, "abcdefghijklmnopqrst…");
}

static void test_nonsense(void **state) {
        static const unsigned states[] = { 0, 1u << 2 /* not compact */, (3 | 8u) << 2, (7 | 8u) << 2,
                (2 | 8u | 16u) << 2 };
        const PythonOffsets offsets = made_up_offsets(14, 0);
        char *text = NULL;

        made_up_clear();
        for (size_t i = 0; i < G_N_ELEMENTS(states); i++) {
                made_up_int(ADDRESS + TABLE_STRING_STATE, (int32_t) states[i]);
                assert_refused(-EBADMSG);
        }
        made_up_string(ADDRESS, "abc", 3, 1, true, false);
        made_up_word(ADDRESS + TABLE_LENGTH, UINT64_MAX);
        assert_refused(-EBADMSG);
        assert_int_equal(python_string_read(1, UINT64_MAX - 8, &offsets, MAX_LENGTH, &text), -EFAULT);
        assert_int_equal(python_string_read(1, MADE_UP_BASE + MADE_UP_SIZE - 32, &offsets, MAX_LENGTH, &text), -EFAULT);
        made_up_string(MADE_UP_BASE + MADE_UP_SIZE - TABLE_STRING_SIZE, "abc", 3, 1, true, false);
        made_up_word(MADE_UP_BASE + MADE_UP_SIZE - TABLE_STRING_SIZE + TABLE_LENGTH, 4000);
        assert_int_equal(
                python_string_read(1, MADE_UP_BASE + MADE_UP_SIZE - TABLE_STRING_SIZE, &offsets, 4096, &text), -EFAULT);
        assert_null(text);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_widths),
                cmocka_unit_test(test_is_printable),
                cmocka_unit_test(test_long),
                cmocka_unit_test(test_nonsense),
        };

        return cmocka_run_group_tests_name("python-string", tests, NULL, NULL);
}
