/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "helicopter/cleanup.h"
#include "parent/environment.h"

static void set_stdin(const char *text, size_t size) {
        autofd fd = memfd_create("test", MFD_CLOEXEC);

        assert_true(fd >= 0 && write(fd, text, size) == (ssize_t) size && dup2(fd, STDIN_FILENO) == STDIN_FILENO);
}

static void test_read(void **state) {
        const char text[] = "A=1\0EMPTY=\0BASH_FUNC_f%%=() {\n}\0INVOCATION_ID=theirs\0\0command=x";
        g_auto(GStrv) environment = NULL;
        g_autoptr(GBytes) whole = NULL;
        bool is_first;
        char byte;

        set_stdin(text, sizeof text); /* its position is at its end, as after a first parent */
        g_setenv("INVOCATION_ID", "ours", TRUE);
        g_unsetenv("JOURNAL_STREAM");
        assert_int_equal(environment_from_stdin(&environment, &whole, &is_first), 0);
        assert_false(is_first);
        assert_string_equal(g_environ_getenv(environment, "A"), "1");
        assert_string_equal(g_environ_getenv(environment, "EMPTY"), "");
        assert_string_equal(g_environ_getenv(environment, "BASH_FUNC_f%%"), "() {\n}");
        assert_string_equal(g_environ_getenv(environment, "INVOCATION_ID"), "ours");
        assert_int_equal(g_strv_length(environment), 4);
        assert_int_equal(g_bytes_get_size(whole), sizeof text);
        assert_memory_equal(g_bytes_get_data(whole, NULL), text, sizeof text);
        assert_int_equal(read(STDIN_FILENO, &byte, 1), 0); /* what may hold secrets is not the job's input */
}

static void test_position_does_not_matter(void **state) {
        const char text[] = "A=1";
        g_autoptr(GBytes) first_whole = NULL, second_whole = NULL;
        g_auto(GStrv) first = NULL, second = NULL;
        bool is_first = false;
        autofd kept = -1;

        set_stdin(text, sizeof text);
        assert_int_equal(lseek(STDIN_FILENO, 0, SEEK_SET), 0);
        kept = dup(STDIN_FILENO);
        assert_int_equal(environment_from_stdin(&first, &first_whole, &is_first), 0);
        assert_true(is_first);
        assert_true(kept >= 0 && dup2(kept, STDIN_FILENO) == STDIN_FILENO);
        assert_int_equal(environment_from_stdin(&second, &second_whole, &is_first), 0);
        assert_false(is_first);
        assert_string_equal(g_environ_getenv(second, "A"), "1");
        assert_true(g_bytes_equal(first_whole, second_whole));
}

static void test_no_environment_on_stdin(void **state) {
        autofd null = open("/dev/null", O_RDONLY | O_CLOEXEC);
        char **environment = NULL;
        GBytes *whole = NULL;
        bool is_first;

        assert_true(null >= 0 && dup2(null, STDIN_FILENO) == STDIN_FILENO);
        assert_int_equal(environment_from_stdin(&environment, &whole, &is_first), -EINVAL);
        assert_null(environment);
        assert_null(whole);
}

static void test_with(void **state) {
        char *variables[] = { (char *) "A=b=c", (char *) "HOME=/x", NULL };
        g_auto(GStrv) environment = environment_with(variables), own = environment_with(NULL);

        assert_string_equal(g_environ_getenv(environment, "A"), "b=c");
        assert_string_equal(g_environ_getenv(environment, "HOME"), "/x");
        assert_string_equal(g_environ_getenv(environment, "PATH"), g_getenv("PATH"));
        assert_null(g_environ_getenv(own, "A"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_read),
                cmocka_unit_test(test_position_does_not_matter),
                cmocka_unit_test(test_no_environment_on_stdin),
                cmocka_unit_test(test_with),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
