/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include <glib.h>

#include "helicopter/yama.h"

static const char *scope_file; /* NULL: there is none */

gboolean __wrap_g_file_get_contents(const char *name, char **contents, gsize *length, GError **error);
gboolean __wrap_g_file_get_contents(const char *name, char **contents, gsize *length, GError **error) {
        assert_string_equal(name, "/proc/sys/kernel/yama/ptrace_scope");
        if (!scope_file)
                return FALSE;
        *contents = g_strdup(scope_file);
        return TRUE;
}

static void test_scopes(void **state) {
        scope_file = "0\n";
        assert_int_equal(yama_ptrace_scope(), 0);
        scope_file = "1\n";
        assert_int_equal(yama_ptrace_scope(), 1);
        scope_file = "3\n";
        assert_int_equal(yama_ptrace_scope(), 3);
}

static void test_no_yama(void **state) {
        scope_file = NULL;
        assert_int_equal(yama_ptrace_scope(), -1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_scopes),
                cmocka_unit_test(test_no_yama),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
