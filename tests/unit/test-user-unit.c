/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include <glib.h>

#include "helicopter/user-unit.h"

#define MANAGER "/user.slice/user-1000.slice/user@1000.service"

static void assert_unit(const char *group, const char *expected) {
        g_autofree char *unit = user_unit_of_group(group);

        if (expected)
                assert_string_equal(unit, expected);
        else
                assert_null(unit);
}

static void test_units(void **state) {
        assert_unit(MANAGER "/app.slice/helicopter-train.service", "helicopter-train.service");
        assert_unit(
                MANAGER "/app.slice/app-helicopter\\x2djob.slice/helicopter-job@a.service", "helicopter-job@a.service");
        assert_unit(MANAGER "/session.slice/run-1.scope", "run-1.scope");
        assert_unit(MANAGER "/init.scope", "init.scope");
        assert_unit("/capsule.slice/capsule@lab.service/app.slice/a.service", "a.service");
}

static void test_what_is_below_a_unit(void **state) {
        assert_unit(MANAGER "/app.slice/a.service/workers", "a.service");
        assert_unit(MANAGER "/a.service/b.service", "a.service");
}

static void test_names_of_the_kernel(void **state) {
        assert_unit(MANAGER "/app.slice/_cpu.service", "cpu.service");
        assert_unit(MANAGER "/app.slice/__a.service", "_a.service");
}

static void test_no_unit(void **state) {
        assert_unit("", NULL);
        assert_unit("/", NULL);
        assert_unit(MANAGER, NULL);
        assert_unit(MANAGER "/app.slice", NULL);
        assert_unit(MANAGER "/app.slice/folder", NULL);
        assert_unit(MANAGER "/_.service", NULL);
        assert_unit("/user.slice/user-1000.slice/session-3.scope", NULL);
        assert_unit("/system.slice/cron.service/a.service", NULL);
        assert_unit("/docker/0123456789ab", NULL);
        assert_unit("/../a.service", NULL);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_units),
                cmocka_unit_test(test_what_is_below_a_unit),
                cmocka_unit_test(test_names_of_the_kernel),
                cmocka_unit_test(test_no_unit),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
