/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include <glib.h>
#include <locale.h>

#include "capture.h"
#include "client/stage.h"

static char *to_the_end(void) {
        Stage stage = { .open = false };

        capture_begin();
        stage_begin(&stage, 77, "granted");
        stage_add(&stage, "queued");
        stage_add(&stage, "connected");
        stage_end(&stage);
        assert_false(stage.open);
        stage_end(&stage);         /* there is nothing left to end */
        stage_add(&stage, "late"); /* nor to add to */
        return capture_end();
}

static void test_plain(void **state) {
        g_autofree char *text = to_the_end();

        assert_string_equal(text, "\nAttaching pdb to target PID 77... granted -> queued -> connected\n");
}

static void test_utf8(void **state) {
        g_autofree char *text = NULL;

        assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
        text = to_the_end();
        setlocale(LC_CTYPE, "C");
        assert_string_equal(text, "\nAttaching pdb to target PID 77... granted → queued → connected\n");
}

static void test_nothing_without_a_beginning(void **state) {
        Stage stage = { .open = false };
        g_autofree char *text = NULL;

        capture_begin();
        stage_add(&stage, "queued");
        stage_end(&stage);
        text = capture_end();
        assert_string_equal(text, "");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_plain),
                cmocka_unit_test(test_utf8),
                cmocka_unit_test(test_nothing_without_a_beginning),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
