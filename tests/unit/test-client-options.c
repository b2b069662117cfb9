/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "capture.h"
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

static void test_joined_values(void **state) {
        assert_rest(&plain, "plain -jb a", "b", "a");
        assert_rest(&plain, "plain a -jb", "b", "a");
        assert_rest(&plain, "plain -j -jb", "-jb", "");
        assert_rest(&plain, "plain --job -jb", "-jb", "");
        assert_rest(&plain, "plain -- -jb", "", "-jb");
        assert_rest(&command, "command -jb python -jc", "b", "python|-jc");
        assert_rest(&command, "command -j b -jc python", "c", "python");
}

static char *told_of(const char *line) {
        g_autofree char *job = NULL;
        char **argv;
        int argc, r;

        capture_begin();
        r = parse(&plain, line, &job, &argc, &argv);
        assert_int_equal(r, -EINVAL);
        return capture_end();
}

static void test_unknown_option(void **state) {
        g_autofree char *other = told_of("plain --none"), *near = told_of("plain --jbo x"),
                        *joined = told_of("plain -xjb");

        assert_string_equal(other,
                "helicopter-client: plain: Unknown option --none\n"
                "Usage: helicopter-client plain [NAME]; --help explains it.\n");
        assert_true(g_str_has_prefix(near, "helicopter-client: plain: Unknown option --jbo; did you mean --job?\n"));
        assert_true(g_str_has_prefix(joined, "helicopter-client: plain: Unknown option -x"));
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

/* The name that a line gives; "untouched" where it is refused. */
static const char *name_in(const char *line, int expected) {
        static char **words, *argv[16], *job;
        const GOptionEntry entries[] = { OPTION_JOB(&job), { NULL } };
        const char *name = "untouched";
        int argc;

        g_clear_pointer(&job, g_free);
        g_strfreev(words);
        assert_true(g_shell_parse_argv(line, &argc, &words, NULL));
        for (int i = 0; i <= argc; i++)
                argv[i] = words[i];
        assert_int_equal(options_parse_job(&plain, entries, &job, argc, argv, &name), expected);
        return name;
}

static void test_job_name(void **state) {
        assert_string_equal(name_in("plain -j o a", -EINVAL), "untouched");
        assert_string_equal(name_in("plain a b", -EINVAL), "untouched");
        assert_string_equal(name_in("plain --none a", -EINVAL), "untouched");
        assert_string_equal(name_in("plain --job o", 1), "o");
        assert_string_equal(name_in("plain a", 1), "a");
        assert_null(name_in("plain", 1));
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
                cmocka_unit_test(test_joined_values),
                cmocka_unit_test(test_unknown_option),
                cmocka_unit_test(test_help_does_not_exit),
                cmocka_unit_test(test_job_name),
                cmocka_unit_test(test_seconds),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
