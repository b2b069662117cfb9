/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "client/exit-code.h"
#include "client/options.h"

static const Verb plain = { "plain", "[NAME]", "Test", NULL },
                  command = { "command", "COMMAND", "Test", NULL, .command = true };

/* Parse a line that begins with the verb; the words stay in *ret_argv until the next call. */
static int parse(const Verb *verb, const char *line, char **job, int *ret_argc, char ***ret_argv) {
        static char **words, *argv[16];
        const GOptionEntry entries[] = { OPTION_JOB(job), { NULL } };
        int r;

        g_strfreev(words);
        assert_true(g_shell_parse_argv(line, ret_argc, &words, NULL));
        for (int i = 0; i <= *ret_argc; i++)
                argv[i] = words[i];
        *ret_argv = argv;
        r = options_parse(verb, entries, ret_argc, ret_argv);
        assert_true(r <= 0 || (*ret_argv)[*ret_argc] == NULL);
        return r;
}

static void assert_rest(const Verb *verb, const char *line, const char *job, const char *rest) {
        g_autofree char *found = NULL, *joined = NULL;
        char **argv;
        int argc;

        assert_int_equal(parse(verb, line, &found, &argc, &argv), 1);
        joined = g_strjoinv("|", argv + 1);
        assert_string_equal(joined, rest);
        assert_string_equal(found ?: "", job);
}

static void test_options_anywhere(void **state) {
        assert_rest(&plain, "plain", "", "");
        assert_rest(&plain, "plain a", "", "a");
        assert_rest(&plain, "plain a --job b", "b", "a");
        assert_rest(&plain, "plain -j b a", "b", "a");
        assert_rest(&plain, "plain -- -a", "", "-a");
}

static void test_command_keeps_its_options(void **state) {
        assert_rest(&command, "command python -x --job c", "", "python|-x|--job|c");
        assert_rest(&command, "command --job b python -x", "b", "python|-x");
        assert_rest(&command, "command --job=b -- python -- x", "b", "python|--|x");
        assert_rest(&command, "command -- -odd", "", "-odd");
        assert_rest(&command, "command python --", "", "python|--");
        assert_rest(&command, "command -- --job b", "", "--job|b");
}

static void test_unknown_option(void **state) {
        g_autofree char *job = NULL;
        char **argv;
        int argc;

        assert_int_equal(parse(&plain, "plain --none", &job, &argc, &argv), -EINVAL);
        assert_int_equal(options_exit_code(-EINVAL), EXIT_USAGE);
}

static void test_help_does_not_exit(void **state) {
        g_autofree char *job = NULL;
        char **argv;
        int argc, output = dup(STDOUT_FILENO);

        if (output < 0) {
                fail();
                return;
        }
        fflush(stdout);
        assert_true(freopen("/dev/null", "w", stdout) == stdout);
        assert_int_equal(parse(&plain, "plain --help", &job, &argc, &argv), 0);
        fflush(stdout);
        dup2(output, STDOUT_FILENO);
        close(output);
        assert_int_equal(options_exit_code(0), 0);
}

static void test_job_name(void **state) {
        char *none[] = { (char *) "plain", NULL }, *one[] = { (char *) "plain", (char *) "a", NULL },
             *two[] = { (char *) "plain", (char *) "a", (char *) "b", NULL };
        const char *name = "untouched";

        assert_int_equal(options_job_name(&plain, "o", 2, one, &name), -EINVAL);
        assert_int_equal(options_job_name(&plain, NULL, 3, two, &name), -EINVAL);
        assert_string_equal(name, "untouched");
        assert_int_equal(options_job_name(&plain, "o", 1, none, &name), 0);
        assert_string_equal(name, "o");
        assert_int_equal(options_job_name(&plain, NULL, 2, one, &name), 0);
        assert_string_equal(name, "a");
        assert_int_equal(options_job_name(&plain, NULL, 1, none, &name), 0);
        assert_null(name);
}

static void test_seconds(void **state) {
        uint64_t time = 7;

        assert_int_equal(options_seconds(&plain, "t", -1, &time), -EINVAL);
        assert_int_equal(options_seconds(&plain, "t", (double) NAN, &time), -EINVAL);
        assert_int_equal(options_seconds(&plain, "t", (double) INFINITY, &time), -EINVAL);
        assert_int_equal(options_seconds(&plain, "t", 1e30, &time), -EINVAL);
        assert_true(time == 7);
        assert_int_equal(options_seconds(&plain, "t", 0.25, &time), 0);
        assert_true(time == 250000);
        assert_int_equal(options_seconds(&plain, "t", 0, &time), 0);
        assert_true(time == 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_options_anywhere),
                cmocka_unit_test(test_command_keeps_its_options),
                cmocka_unit_test(test_unknown_option),
                cmocka_unit_test(test_help_does_not_exit),
                cmocka_unit_test(test_job_name),
                cmocka_unit_test(test_seconds),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
