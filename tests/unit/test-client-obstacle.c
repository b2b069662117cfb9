/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include <errno.h>
#include <glib.h>
#include <string.h>
#include <unistd.h>

#include "client/client-error.h"
#include "client/obstacle.h"
#include "helicopter/cleanup.h"
#include "helicopter/error.h"

static int shares_network, shares_pids, shares_users;

int __wrap_process_shares_namespace(pid_t pid, const char *kind);

int __wrap_process_shares_namespace(pid_t pid, const char *kind) {
        if (strcmp(kind, "net") == 0)
                return shares_network;
        return strcmp(kind, "pid") == 0 ? shares_pids : shares_users;
}

static void test_same_network(void **state) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;

        shares_network = 1;
        assert_int_equal(obstacle_network(getpid(), &error), 0);
        shares_network = -EACCES;
        assert_int_equal(obstacle_network(getpid(), &error), 0);
        assert_false(sd_bus_error_is_set(&error));
}

static void test_other_network(void **state) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;

        shares_network = 0;
        assert_int_equal(obstacle_network(77, &error), -ENETUNREACH);
        assert_true(sd_bus_error_has_name(&error, CLIENT_ERROR_OTHER_NAMESPACE));
        assert_non_null(strstr(error.message, "77"));
        assert_non_null(client_error_remedy(error.name));
}

static void test_other_pids_and_users(void **state) {
        for (int i = 0; i < 4; i++) {
                g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;

                shares_pids = i & 1;
                shares_users = i >> 1;
                assert_int_equal(obstacle_pids(77, &error), i == 3 ? 0 : -EXDEV);
                assert_int_equal(sd_bus_error_has_name(&error, CLIENT_ERROR_OTHER_NAMESPACE), i != 3);
        }
}

static void test_what_has_disabled_it(void **state) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;

        sd_bus_error_set(&error, HELICOPTER_ERROR_REMOTE_DEBUG_DISABLED, "It is off.");
        obstacle_explain_disabled(getpid(), &error);
        assert_true(sd_bus_error_has_name(&error, HELICOPTER_ERROR_REMOTE_DEBUG_DISABLED));
        assert_non_null(strstr(error.message, "built without it"));
}

static void test_other_errors_stay(void **state) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;

        sd_bus_error_set(&error, HELICOPTER_ERROR_TRACER_BUSY, "It is busy.");
        obstacle_explain_disabled(getpid(), &error);
        assert_string_equal(error.message, "It is busy.");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_same_network),
                cmocka_unit_test(test_other_network),
                cmocka_unit_test(test_other_pids_and_users),
                cmocka_unit_test(test_what_has_disabled_it),
                cmocka_unit_test(test_other_errors_stay),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
