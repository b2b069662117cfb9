/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "client/client-error.h"
#include "client/json.h"
#include "helicopter/cleanup.h"
#include "missing-library.h"

static Json *new_json(void) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        Json *json = NULL;

        assert_int_equal(json_new(&json, &error), 0);
        assert_non_null(json);
        return json;
}

static void assert_printed(Json *json, const char *expected) {
        autofd before = dup(STDOUT_FILENO), file = memfd_create("printed", MFD_CLOEXEC);
        char text[1024] = "";

        fflush(stdout);
        if (before < 0 || file < 0 || dup2(file, STDOUT_FILENO) < 0)
                fail();
        json_print(json);
        fflush(stdout);
        if (dup2(before, STDOUT_FILENO) < 0)
                fail();
        assert_true(pread(file, text, sizeof text - 1, 0) >= 0);
        assert_string_equal(text, expected);
}

static void test_document(void **state) {
        g_autoptr(Json) json = new_json();

        json_begin_array(json, NULL);
        json_begin_object(json, NULL);
        json_add_string(json, "name", "x");
        json_add_string(json, "empty", "");
        json_add_string(json, "missing", NULL);
        json_add_number(json, "number", G_MININT64);
        json_begin_array(json, "list");
        json_add_text(json, NULL, "a\"\n");
        json_add_text(json, NULL, "");
        json_end_array(json);
        json_begin_object(json, "last");
        json_add_null(json, "nothing");
        json_end_object(json);
        json_end_object(json);
        json_end_array(json);
        assert_printed(json,
                "[\n"
                "  {\n"
                "    \"name\" : \"x\",\n"
                "    \"empty\" : null,\n"
                "    \"missing\" : null,\n"
                "    \"number\" : -9223372036854775808,\n"
                "    \"list\" : [\n"
                "      \"a\\\"\\n\",\n"
                "      \"\"\n"
                "    ],\n"
                "    \"last\" : {\n"
                "      \"nothing\" : null\n"
                "    }\n"
                "  }\n"
                "]\n");
}

static void test_nothing(void **state) {
        g_autoptr(Json) json = new_json();

        json_begin_array(json, NULL);
        json_end_array(json);
        assert_printed(json, "[]\n");
        assert_null(json_free(NULL));
}

static void test_without_library(void **state) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        Json *json = NULL;

        library_is_missing = true;
        assert_int_equal(json_new(&json, &error), -ELIBACC);
        library_is_missing = false;
        assert_null(json);
        assert_true(sd_bus_error_has_name(&error, CLIENT_ERROR_NO_JSON));
        assert_true(g_str_has_prefix(error.message, "JSON cannot be printed: " MISSING_LIBRARY ": "));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_document),
                cmocka_unit_test(test_nothing),
                cmocka_unit_test(test_without_library),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
