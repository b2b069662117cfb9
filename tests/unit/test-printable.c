/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include <glib.h>

#include "helicopter/printable.h"

static void assert_printed(const char *text, size_t max, const char *expected) {
        g_autofree char *result = printable(text, max);

        assert_string_equal(result, expected);
        assert_true(g_utf8_validate(result, -1, NULL));
}

static void test_plain_text_stays(void **state) {
        assert_printed("", 10, "");
        assert_printed("abc", 3, "abc");
        assert_printed("grün", 10, "grün");
}

static void test_long_text_is_cut_in_front_of_a_character(void **state) {
        assert_printed("abcd", 3, "abc…");
        assert_printed("éé", 3, "é…");
        assert_printed("éé", 1, "…");
}

static void test_control_characters_and_bad_bytes(void **state) {
        assert_printed("a\n\x1b[31m\x7f", 20, "a??[31m?");
        assert_printed("a\xff", 20, "a\xef\xbf\xbd");
}

static void assert_valid(const char *text, const char *expected) {
        g_autofree char *result = valid_utf8(text);

        assert_string_equal(result, expected);
}

static void test_valid_utf8(void **state) {
        assert_valid("", "");
        assert_valid("a\n\x7f", "a\n\x7f");
        assert_valid("grün", "grün");
        assert_valid("a\xff"
                     "b",
                "a\xef\xbf\xbd"
                "b");
        assert_valid("\xc3", "\xef\xbf\xbd");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_valid_utf8),
                cmocka_unit_test(test_plain_text_stays),
                cmocka_unit_test(test_long_text_is_cut_in_front_of_a_character),
                cmocka_unit_test(test_control_characters_and_bad_bytes),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
