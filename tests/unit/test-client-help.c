/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include <glib.h>
#include <string.h>

#include "capture.h"
#include "client/help.h"

static void assert_of_verb(const char *line, const char *verb) {
        g_auto(GStrv) words = g_strsplit(line, " ", -1);
        char *help[3] = { NULL };
        int argc = (int) g_strv_length(words);

        assert_int_equal(help_is_of_verb(&argc, words, help), verb != NULL);
        if (!verb)
                return;
        assert_int_equal(argc, 2);
        assert_string_equal(help[0], verb);
        assert_string_equal(help[1], "--help");
        assert_null(help[2]);
}

static void test_is_of_verb(void **state) {
        assert_of_verb("help attach", "attach");
        assert_of_verb("help attach train", "attach");
        assert_of_verb("help nonsense", "nonsense"); /* which is told when it is not found */
        assert_of_verb("help", NULL);
        assert_of_verb("help --help", NULL);
}

static void assert_suggested(const char *word, const char *said) {
        g_autofree char *captured = NULL;

        capture_begin();
        help_suggest(word, "program ");
        captured = capture_end();
        assert_non_null(strstr(captured, said));
}

static void test_suggest(void **state) {
        assert_suggested("train.py", "'program run train.py'");
        assert_suggested("atach", "'attach'");
        assert_suggested("nonsense", "'program help'");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_is_of_verb),
                cmocka_unit_test(test_suggest),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
