/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib.h>
#include <string.h>

#include "helicopter/job-name.h"

static void test_valid(void **state) {
        assert_true(job_name_is_valid("a"));
        assert_true(job_name_is_valid("9"));
        assert_true(job_name_is_valid("Train_2.b-7"));
        assert_true(job_name_is_valid("a234567890123456789012345678901234567890123456789012345678901234"));
}

static void test_invalid(void **state) {
        assert_false(job_name_is_valid(""));
        assert_false(job_name_is_valid(".hidden"));
        assert_false(job_name_is_valid("-option"));
        assert_false(job_name_is_valid("_x"));
        assert_false(job_name_is_valid("a b"));
        assert_false(job_name_is_valid("a/b"));
        assert_false(job_name_is_valid("a\n"));
        assert_false(job_name_is_valid("\xc3\xa4"));
        assert_false(job_name_is_valid("a2345678901234567890123456789012345678901234567890123456789012345"));
}

static void assert_made(const char *expected, const char *const *argv) {
        g_autofree char *name = job_name_from_command(argv);

        assert_string_equal(name, expected);
        assert_true(job_name_is_valid(name));
}

static void test_from_command(void **state) {
        assert_made("train", (const char *[]) { "train.py", NULL });
        assert_made("train", (const char *[]) { "/home/me/train.py", "data.py", NULL });
        assert_made("train", (const char *[]) { "python3", "-u", "train.py", "--fast", NULL });
        assert_made("http.server", (const char *[]) { "python3", "-m", "http.server", NULL });
        assert_made("sleep", (const char *[]) { "/bin/sleep", "10", NULL });
        assert_made("my-job", (const char *[]) { "my job.py", NULL });
        assert_made("x", (const char *[]) { "..x", NULL });
}

static void test_from_command_without_a_usable_word(void **state) {
        assert_made("job", (const char *[]) { NULL });
        assert_made("job", (const char *[]) { "", NULL });
        assert_made("job", (const char *[]) { "___", NULL });
        assert_made("job", (const char *[]) { ".py", NULL });
        assert_made("python3", (const char *[]) { "python3", "-m", NULL });
}

static void test_from_long_command(void **state) {
        char word[300];

        memset(word, 'a', sizeof word - 1);
        word[sizeof word - 1] = '\0';
        assert_made(
                "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", (const char *[]) { word, NULL });
}

static void test_numbered(void **state) {
        g_autofree char *small = job_name_numbered("train", 2);
        g_autofree char *full =
                job_name_numbered("a234567890123456789012345678901234567890123456789012345678901234", 12345);

        assert_string_equal(small, "train-2");
        assert_string_equal(full, "a234567890123456789012345678901234567890123456789012345678-12345");
        assert_true(job_name_is_valid(full));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_valid),
                cmocka_unit_test(test_invalid),
                cmocka_unit_test(test_from_command),
                cmocka_unit_test(test_from_command_without_a_usable_word),
                cmocka_unit_test(test_from_long_command),
                cmocka_unit_test(test_numbered),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
