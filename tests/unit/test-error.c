/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include <errno.h>
#include <glib.h>
#include <string.h>

#include "helicopter/cleanup.h"
#include "helicopter/error.h"

static const char *const names[] = {
        HELICOPTER_ERROR_NO_SUCH_JOB,
        HELICOPTER_ERROR_JOB_EXISTS,
        HELICOPTER_ERROR_JOB_RUNNING,
        HELICOPTER_ERROR_BAD_NAME,
        HELICOPTER_ERROR_BAD_COMMAND,
        HELICOPTER_ERROR_BAD_DIRECTORY,
        HELICOPTER_ERROR_BAD_OPTION,
        HELICOPTER_ERROR_BAD_SIGNAL,
        HELICOPTER_ERROR_COMMAND_NOT_FOUND,
        HELICOPTER_ERROR_NOT_EXECUTABLE,
        HELICOPTER_ERROR_LAUNCH_FAILED,
        HELICOPTER_ERROR_LIMIT_REACHED,
        HELICOPTER_ERROR_TARGET_GONE,
        HELICOPTER_ERROR_NOT_IN_JOB,
        HELICOPTER_ERROR_TRACER_BUSY,
        HELICOPTER_ERROR_PTRACE_DISABLED,
        HELICOPTER_ERROR_NOT_PERMITTED,
        HELICOPTER_ERROR_SECCOMP_FILTERED,
        HELICOPTER_ERROR_UNSUPPORTED_TARGET,
        HELICOPTER_ERROR_NOT_PYTHON,
        HELICOPTER_ERROR_PYTHON_TOO_OLD,
        HELICOPTER_ERROR_REMOTE_DEBUG_DISABLED,
        HELICOPTER_ERROR_PARENT_TOO_OLD,
        HELICOPTER_ERROR_PARENT_LOST,
        HELICOPTER_ERROR_TIMEOUT,
};

static void test_each_error_has_a_remedy_of_one_sentence(void **state) {
        for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
                const char *remedy = error_remedy(names[i]);

                assert_non_null(remedy);
                assert_true(g_str_has_suffix(remedy, "."));
                assert_null(strchr(remedy, '\n'));
        }
}

static void test_each_error_has_an_errno(void **state) {
        for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
                g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;

                /* sd-bus makes EIO of a name that it does not know. */
                sd_bus_error_set(&error, names[i], "text");
                if (!g_str_equal(names[i], HELICOPTER_ERROR_LAUNCH_FAILED))
                        assert_int_not_equal(sd_bus_error_get_errno(&error), EIO);
        }
}

static void test_errno_of_some(void **state) {
        g_auto(sd_bus_error) busy = SD_BUS_ERROR_NULL, gone = SD_BUS_ERROR_NULL;

        assert_int_equal(sd_bus_error_set(&busy, HELICOPTER_ERROR_TRACER_BUSY, "text"), -EBUSY);
        assert_int_equal(sd_bus_error_set(&gone, HELICOPTER_ERROR_TARGET_GONE, "text"), -ESRCH);
}

static void test_no_remedy_for_a_foreign_error(void **state) {
        assert_null(error_remedy(SD_BUS_ERROR_INVALID_ARGS));
        assert_null(error_remedy(""));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_each_error_has_a_remedy_of_one_sentence),
                cmocka_unit_test(test_each_error_has_an_errno),
                cmocka_unit_test(test_errno_of_some),
                cmocka_unit_test(test_no_remedy_for_a_foreign_error),
        };

        error_register();
        return cmocka_run_group_tests(tests, NULL, NULL);
}
