/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "client/text.h"

static void assert_span(uint64_t seconds, const char *expected) {
        g_autofree char *span = text_span(seconds * G_USEC_PER_SEC);

        assert_string_equal(span, expected);
}

static void test_span(void **state) {
        assert_span(0, "0s");
        assert_span(59, "59s");
        assert_span(60, "1min");
        assert_span(61, "1min 1s");
        assert_span(3600, "1h");
        assert_span(3600 + 59, "1h");
        assert_span(2 * 3600 + 180, "2h 3min");
        assert_span(86400, "1 day");
        assert_span(3 * 86400 + 7200, "3 days 2h");
}

static void test_timestamp(void **state) {
        g_autofree char *none = text_timestamp(0), *moment = NULL;

        setenv("TZ", "UTC", 1);
        moment = text_timestamp(UINT64_C(1748945472) * G_USEC_PER_SEC);
        assert_string_equal(none, "-");
        assert_string_equal(moment, "Tue 2025-06-03 10:11:12 UTC");
}

static void assert_text(char *text, const char *expected) {
        g_autofree char *owned = text;

        assert_string_equal(owned, expected);
}

static void test_numbers(void **state) {
        assert_text(text_bytes(0), "0B");
        assert_text(text_bytes(1023), "1023B");
        assert_text(text_bytes(1536), "1.5K");
        assert_text(text_bytes(UINT64_C(20) << 20), "20.0M");
        assert_text(text_bytes(UINT64_C(3) << 30), "3.0G");
        assert_text(text_bytes(UINT64_MAX), "16.0E");
        assert_text(text_duration(0), "0.0s");
        assert_text(text_duration(1340 * 1000), "1.3s");
        assert_text(text_duration(60 * G_USEC_PER_SEC), "1min");
        assert_text(text_duration(UINT64_C(3725) * G_USEC_PER_SEC), "1h 2min");
}

/* In as many columns as there are, the end of a path is left. */
static void test_paths(void **state) {
        setenv("HOME", "/home/you", 1);
        assert_text(text_path("/home/you/a/b/train.py", 0), "~/a/b/train.py");
        assert_text(text_path("/home/you/a/b/train.py", 14), "~/a/b/train.py");
        assert_text(text_path("/home/you/a/b/train.py", 13), "~/…/train.py");
        assert_text(text_path("/home/you/a/b/train.py", 11), "train.py");
        assert_text(text_path("/home/you/a/b/train.py", 8), "train.py");
        assert_text(text_path("/home/you/a/b/train.py", 7), "…ain.py");
        assert_text(text_path("/home/you/a/b/train.py", 1), "…");
        assert_text(text_path("/home/young/train.py", 0), "/home/young/train.py");
        assert_text(text_path("/usr/lib/python3.14/threading.py", 27), "/…/python3.14/threading.py");
        assert_text(text_path("/usr/lib/python3.14/threading.py", 20), "/…/threading.py");
        assert_text(text_path("<frozen importlib>", 10), "…mportlib>");
        assert_text(text_path("/größe/Ωmega.py", 11), "/…/Ωmega.py");
        assert_text(text_path("", 5), "");
        setenv("HOME", "/", 1);
        assert_text(text_path("/a/b.py", 0), "/a/b.py");
}

static void assert_printable(const char *string, const char *expected) {
        g_autofree char *printable = text_printable(string);

        assert_string_equal(printable, expected);
}

static void test_printable(void **state) {
        assert_printable("", "");
        assert_printable("plain ünïcödé", "plain ünïcödé");
        assert_printable("a\033[2Jb\nc\td\r", "a?[2Jb?c?d?");
        assert_printable("\302\233"
                         "5n",
                "?5n"); /* U+009B is a terminal's CSI too */
}

static void test_printable_makes_valid(void **state) {
        g_autofree char *printable = text_printable("a\377b");

        assert_true(g_utf8_validate(printable, -1, NULL));
        assert_int_equal(printable[0], 'a');
}

static char *print(GPtrArray *rows, unsigned width) {
        char *text = NULL;
        size_t size;
        FILE *stream = open_memstream(&text, &size);

        text_print_table(stream, rows, width);
        fclose(stream);
        return text;
}

static void test_table(void **state) {
        const char *head[] = { "NAME", "N", "COMMAND", NULL },
                   *first[] = { "größe", "1000", "python3 a-long-script.py", NULL }, *second[] = { "x", "-", "", NULL };
        g_autoptr(GPtrArray) rows = g_ptr_array_new();
        char *whole, *cut;

        g_ptr_array_add(rows, head);
        g_ptr_array_add(rows, first);
        g_ptr_array_add(rows, second);
        whole = print(rows, 0);
        cut = print(rows, 22);
        assert_string_equal(whole,
                "NAME   N     COMMAND\n"
                "größe  1000  python3 a-long-script.py\n"
                "x      -     \n");
        assert_string_equal(cut,
                "NAME   N     COMMAND\n"
                "größe  1000  python3 a\n"
                "x      -     \n");
        free(whole);
        free(cut);
}

static void test_table_that_cannot_fit(void **state) {
        const char *row[] = { "a-name-as-long-as-this", "command", NULL };
        g_autoptr(GPtrArray) rows = g_ptr_array_new();
        char *text;

        g_ptr_array_add(rows, row);
        text = print(rows, 10);
        assert_string_equal(text, "a-name-as-long-as-this  command\n");
        free(text);
}

static void test_table_width(void **state) {
        g_autoptr(GPtrArray) rows = g_ptr_array_new();
        char *first[] = { (char *) "NAME", (char *) "PID", NULL }, *second[] = { (char *) "größe", (char *) "1", NULL };

        g_ptr_array_add(rows, first);
        g_ptr_array_add(rows, second);
        assert_int_equal(text_table_width(rows), 5 + 2 + 3 + 2);
}

static void assert_wrapped(const char *words, unsigned indent, unsigned width, const char *expected) {
        g_autoptr(GString) text = g_string_new(NULL);

        text_append_wrapped(text, words, indent, width);
        assert_string_equal(text->str, expected);
}

static void test_wrapped(void **state) {
        assert_wrapped("", 4, 20, "");
        assert_wrapped("one two three", 0, 20, "one two three");
        assert_wrapped("one two three", 0, 13, "one two three");
        assert_wrapped("one two three", 0, 12, "one two\nthree");
        assert_wrapped("one two three four", 2, 12, "one two\n  three four");
        assert_wrapped("abcdefghijklmnop qr", 2, 12, "abcdefghij\n  klmnop qr");
        assert_wrapped("grün grün grün", 0, 9, "grün grün\ngrün");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_numbers),
                cmocka_unit_test(test_table_width),
                cmocka_unit_test(test_paths),
                cmocka_unit_test(test_wrapped),
                cmocka_unit_test(test_span),
                cmocka_unit_test(test_timestamp),
                cmocka_unit_test(test_printable),
                cmocka_unit_test(test_printable_makes_valid),
                cmocka_unit_test(test_table),
                cmocka_unit_test(test_table_that_cannot_fit),
        };

        setlocale(LC_ALL, "C.UTF-8");
        return cmocka_run_group_tests(tests, NULL, NULL);
}
