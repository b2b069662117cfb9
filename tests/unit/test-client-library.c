/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include <errno.h>
#include <glib.h>
#include <math.h>
#include <string.h>

#include "client/library.h"

#define FUNCTIONS(X) X(cos) X(strlen) /* the second one: of a library that it needs */

static struct {
        FUNCTIONS(LIBRARY_MEMBER)
        void *other;
} library;

static const LibraryFunction functions[] = { FUNCTIONS(LIBRARY_ENTRY) };

static void test_load(void **state) {
        const char *const names[] = { "libnothing.so.1", "libm.so.6", "libnothing.so.2", NULL };
        g_autofree char *why = NULL;

        for (int i = 0; i < 2; i++) {
                memset(&library, 0, sizeof library);
                assert_int_equal(library_load(names, functions, G_N_ELEMENTS(functions), &why), 0);
                assert_null(why);
                assert_true(library.cos(0) == 1);
                assert_int_equal(library.strlen("four"), 4);
        }
}

static void test_no_library(void **state) {
        const char *const names[] = { "libnothing.so.1", "libnothing.so.2", NULL };
        g_autofree char *why = NULL;

        assert_int_equal(library_load(names, functions, G_N_ELEMENTS(functions), &why), -ELIBACC);
        assert_non_null(strstr(why, "libnothing.so.2: "));
}

static void test_no_function(void **state) {
        const char *const names[] = { "libm.so.6", NULL };
        const LibraryFunction newer[] = { { "of_a_later_version", &library.other } };
        g_autofree char *why = NULL;

        assert_int_equal(library_load(names, newer, G_N_ELEMENTS(newer), &why), -ELIBACC);
        assert_non_null(strstr(why, "libm.so.6"));
        assert_non_null(strstr(why, "of_a_later_version"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_load),
                cmocka_unit_test(test_no_library),
                cmocka_unit_test(test_no_function),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
