/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include <errno.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>

#include "parent/job-config.h"

static char *path;

static int set_up(void **state) {
        return g_close(g_file_open_tmp(NULL, &path, NULL), NULL) ? 0 : -1;
}

static int tear_down(void **state) {
        g_unlink(path);
        g_clear_pointer(&path, g_free);
        return 0;
}

static int read_text(const char *text, JobConfig *ret_config, GError **error) {
        assert_true(g_file_set_contents(path, text, -1, NULL));
        return job_config_read(path, ret_config, error);
}

static void test_all(void **state) {
        g_auto(JobConfig) config = {};

        assert_int_equal(read_text("# a job\n[Job]\nCommand=python3 'a b.py' \"$HOME\" %i \\;\nWorkingDirectory=/srv\n"
                                   "Environment=A=1 'B=two words' C=\nGrantPolicy=none\n",
                                 &config, NULL),
                0);
        assert_int_equal(g_strv_length(config.command), 5);
        assert_string_equal(config.command[1], "a b.py");
        assert_string_equal(config.command[2], "$HOME");
        assert_string_equal(config.command[3], "%i");
        assert_string_equal(config.command[4], ";");
        assert_string_equal(config.working_directory, "/srv");
        assert_int_equal(g_strv_length(config.environment), 3);
        assert_string_equal(config.environment[1], "B=two words");
        assert_string_equal(config.environment[2], "C=");
        assert_int_equal(config.grant_policy, GRANT_POLICY_NONE);
}

static void assert_folder(const char *value, const char *below_home) {
        g_autofree char *text =
                g_strdup_printf("[Job]\nCommand=x\n%s%s\n", value ? "WorkingDirectory=" : "", value ?: "");
        g_autofree char *expected = g_canonicalize_filename(below_home, g_get_home_dir());
        g_auto(JobConfig) config = {};

        assert_int_equal(read_text(text, &config, NULL), 0);
        assert_string_equal(config.working_directory, expected);
}

static void test_folder(void **state) {
        assert_folder(NULL, ".");
        assert_folder("", ".");
        assert_folder("~", ".");
        assert_folder("~/a/b", "a/b");
        assert_folder("a/../b", "b");
        assert_folder("/a", "/a");
        assert_folder("~a", "~a"); /* another user's home is none of ours */
}

static void assert_refused(const char *text, const char *what) {
        g_autoptr(GError) error = NULL;
        JobConfig config;

        assert_int_equal(read_text(text, &config, &error), -EINVAL);
        assert_non_null(error);
        if (!strstr(error->message, what))
                fail_msg("'%s' does not say '%s'", error->message, what);
}

static void test_mistakes(void **state) {
        assert_refused("[Job]\nCommand=\n", "Command");
        assert_refused("[Job]\nCommand=x\nGrantPolicy=any\n", "ask-terminal");
        assert_refused("[Job]\nCommand=''\n", "Command");
        assert_refused("[Job]\nWorkingDirectory=/\n", "Command");
        assert_refused("[Job]\nCommand='a\n", "Command");
        assert_refused("[Job]\nCommand=a\nComand=b\n", "Comand");
        assert_refused("[Job]\nCommand=a\n[job]\nX=1\n", "[job]");
        assert_refused("[Job]\nCommand=a\nEnvironment=A\n", "'A'");
        assert_refused("[Job]\nCommand=a\nEnvironment==1\n", "'=1'");
}

static void test_no_such_file(void **state) {
        g_autoptr(GError) error = NULL;
        JobConfig config;

        assert_int_equal(job_config_read("/nonexistent", &config, &error), -EIO);
        assert_non_null(error);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_all),
                cmocka_unit_test(test_folder),
                cmocka_unit_test(test_mistakes),
                cmocka_unit_test(test_no_such_file),
        };

        return cmocka_run_group_tests(tests, set_up, tear_down);
}
