/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include <errno.h>

#include "client/client-error.h"
#include "client/session.h"
#include "helicopter/cleanup.h"
#include "helicopter/error.h"

static void test_remedies(void **state) {
        assert_non_null(client_error_remedy(CLIENT_ERROR_AMBIGUOUS));
        assert_string_equal(
                client_error_remedy(HELICOPTER_ERROR_NO_SUCH_JOB), error_remedy(HELICOPTER_ERROR_NO_SUCH_JOB));
        assert_string_equal(client_error_remedy("org.example.Error"), client_error_remedy(CLIENT_ERROR_SYSTEM));
}

static void test_set(void **state) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;

        assert_int_equal(client_error_set(&error, CLIENT_ERROR_NO_JOB, ENOENT, "No %s", "a"), -ENOENT);
        assert_int_equal(client_error_set(&error, CLIENT_ERROR_AMBIGUOUS, ENOTUNIQ, "Several: %d", 2), -ENOTUNIQ);
        assert_true(sd_bus_error_has_name(&error, CLIENT_ERROR_AMBIGUOUS));
        assert_string_equal(error.message, "Several: 2");
        assert_int_equal(client_error_set(NULL, CLIENT_ERROR_NO_JOB, ENOENT, "Nobody asks"), -ENOENT);
}

static void test_name_job(void **state) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;

        client_error_name_job(&error, "x");
        assert_false(sd_bus_error_is_set(&error));
        client_error_set(&error, CLIENT_ERROR_NO_SCRIPT, ENOENT, "it is not there");
        client_error_name_job(&error, "x");
        assert_string_equal(error.message, "Job x: it is not there");
        assert_true(sd_bus_error_has_name(&error, CLIENT_ERROR_NO_SCRIPT));
        client_error_name_job(&error, "x");
        assert_string_equal(error.message, "Job x: it is not there");
}

static void test_translate(void **state) {
        g_auto(sd_bus_error) late = SD_BUS_ERROR_NULL, lost = SD_BUS_ERROR_NULL, other = SD_BUS_ERROR_NULL;

        sd_bus_error_set_errno(&late, -ETIMEDOUT);
        assert_int_equal(client_error_translate(&late, -ETIMEDOUT), -ETIMEDOUT);
        assert_true(sd_bus_error_has_name(&late, CLIENT_ERROR_SILENT));

        sd_bus_error_set_errno(&lost, -ECONNRESET);
        assert_int_equal(client_error_translate(&lost, -ECONNRESET), -ECONNRESET);
        assert_true(sd_bus_error_has_name(&lost, CLIENT_ERROR_LOST));

        sd_bus_error_set(&other, HELICOPTER_ERROR_TIMEOUT, "Job x did not stop");
        assert_int_equal(client_error_translate(&other, -EIO), -EIO);
        assert_string_equal(other.message, "Job x did not stop");
        assert_int_equal(client_error_translate(NULL, -EIO), -EIO);
}

static void test_session_ends_have_remedies(void **state) {
        assert_non_null(client_error_remedy(session_remedy(SESSION_NO_ANSWER)));
        assert_non_null(client_error_remedy(session_remedy(SESSION_BUSY)));
        assert_non_null(client_error_remedy(session_remedy(SESSION_TARGET_GONE)));
        assert_null(session_remedy(SESSION_HELD));
        assert_null(session_remedy(SESSION_INTERRUPTED));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_remedies),
                cmocka_unit_test(test_set),
                cmocka_unit_test(test_name_job),
                cmocka_unit_test(test_translate),
                cmocka_unit_test(test_session_ends_have_remedies),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
