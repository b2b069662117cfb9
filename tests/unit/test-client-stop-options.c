/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include <errno.h>

#include "client/stop-options.h"

static const Verb verb = { "stop", "[NAME]", "Test", NULL };

static int parse(StopOptions *options, const char *line) {
        static char **words; /* the options may point into them */
        char *argv[8] = { NULL };
        int argc;

        g_strfreev(words);
        assert_true(g_shell_parse_argv(line, &argc, &words, NULL));
        for (int i = 0; i < argc; i++)
                argv[i] = words[i];
        return stop_options_parse(&verb, options, argc, argv);
}

static void assert_parsed(const char *line, const char *name, uint64_t grace) {
        g_auto(StopOptions) options = {};

        assert_int_equal(parse(&options, line), 1);
        assert_int_equal(g_strcmp0(options.name, name), 0);
        assert_true(options.grace == grace);
}

static void test_parse(void **state) {
        assert_parsed("stop", NULL, 10 * G_USEC_PER_SEC);
        assert_parsed("stop train", "train", 10 * G_USEC_PER_SEC);
        assert_parsed("stop --grace 0.5 --job train", "train", G_USEC_PER_SEC / 2);
        assert_parsed("stop train -g 0", "train", 0);
}

static void test_mistakes(void **state) {
        static const char *const lines[] = { "stop a b", "stop --job a b", "stop --grace=-1", "stop --grace=x",
                "stop --grace=inf", "stop -x" };

        for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
                g_auto(StopOptions) options = {};

                assert_int_equal(parse(&options, lines[i]), -EINVAL);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_parse),
                cmocka_unit_test(test_mistakes),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
