/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#include "parent/options.h"

static int parse(const char *line, Options *ret_options) {
        g_auto(GStrv) words = g_strsplit(line, " ", -1);
        char *argv[32] = {};
        int argc = 0;

        for (; words[argc]; argc++) /* no pointer of the words is lost */
                argv[argc] = words[argc];
        return options_parse(argc, argv, ret_options);
}

static void assert_command(const char *line, const char *name, bool given, const char *command) {
        g_auto(Options) options = {};
        g_autofree char *joined = NULL;

        assert_int_equal(parse(line, &options), 0);
        joined = g_strjoinv(" ", options.command);
        assert_string_equal(options.name, name);
        assert_int_equal(options.name_is_given, given);
        assert_string_equal(joined, command);
        assert_null(options.environment);
}

static void test_scripts(void **state) {
        assert_command("p train.py", "train", false, "python3 train.py");
        assert_command("p --job run1 train.py --fast -x", "run1", true, "python3 train.py --fast -x");
        assert_command("p --job=run1 -- a/train.py", "run1", true, "python3 a/train.py");
}

static void test_commands(void **state) {
        assert_command("p python3.14 -u train.py", "train", false, "python3.14 -u train.py");
        assert_command("p -- sleep 5", "sleep", false, "sleep 5");
        assert_command("p -j a env -- x", "a", true, "env -- x");
        assert_command("p -- --odd", "odd", false, "--odd");
}

static void test_script_is_known(void **state) {
        g_auto(Options) script = {}, command = {};

        assert_int_equal(parse("p a.py", &script), 0);
        assert_string_equal(script.script, "a.py");
        assert_int_equal(parse("p python3 a.py", &command), 0);
        assert_null(command.script);
}

static void test_grant_policy(void **state) {
        g_auto(Options) given = {}, usual = {};
        Options wrong;

        assert_int_equal(parse("p --grant-policy=ask-terminal a.py", &given), 0);
        assert_int_equal(given.grant_policy, GRANT_POLICY_ASK_TERMINAL);
        assert_int_equal(parse("p a.py", &usual), 0);
        assert_int_equal(usual.grant_policy, GRANT_POLICY_SAME_USER);
        assert_int_equal(parse("p --grant-policy=any a.py", &wrong), -EINVAL);
}

static void test_wrong_lines(void **state) {
        Options options;

        assert_int_equal(parse("p", &options), -EINVAL);
        assert_int_equal(parse("p --", &options), -EINVAL);
        assert_int_equal(parse("p --job", &options), -EINVAL);
        assert_int_equal(parse("p --nonsense a.py", &options), -EINVAL);
        assert_int_equal(parse("p -x a.py", &options), -EINVAL);
        assert_int_equal(parse("p --version=1 a.py", &options), -EINVAL);
        assert_int_equal(parse("p --job a/b a.py", &options), -EINVAL);
        assert_int_equal(parse("p --job= a.py", &options), -EINVAL);
}

static void test_config(void **state) {
        g_autofree char *path = NULL, *line = NULL, *with_command = NULL;
        g_auto(Options) options = {}, none = {};

        assert_true(g_close(g_file_open_tmp(NULL, &path, NULL), NULL));
        assert_true(g_file_set_contents(path, "[Job]\nCommand=train.py 'two words'\nEnvironment=A=1\n", -1, NULL));
        line = g_strdup_printf("p --job=t --config=%s", path);
        assert_int_equal(parse(line, &options), 0);
        assert_string_equal(options.name, "t");
        assert_string_equal(options.command[0], "python3");
        assert_string_equal(options.command[2], "two words");
        assert_string_equal(options.script, "train.py");
        assert_string_equal(g_environ_getenv(options.environment, "A"), "1");
        assert_string_equal(options.working_directory, g_get_home_dir());

        with_command = g_strdup_printf("%s -- sleep 1", line);
        assert_int_equal(parse(with_command, &none), -EINVAL);
        assert_true(g_file_set_contents(path, "[Job]\n", -1, NULL));
        assert_int_equal(parse(line, &none), -EINVAL);
        g_unlink(path);
        assert_int_equal(parse(line, &none), -EIO);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_scripts),
                cmocka_unit_test(test_commands),
                cmocka_unit_test(test_script_is_known),
                cmocka_unit_test(test_grant_policy),
                cmocka_unit_test(test_wrong_lines),
                cmocka_unit_test(test_config),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
