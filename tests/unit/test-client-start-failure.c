/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include "client/start-failure.h"
#include "helicopter/error.h"

static void test_exit_codes(void **state) {
        static const struct {
                const char *error;
                int code;
        } cases[] = { { HELICOPTER_ERROR_COMMAND_NOT_FOUND, 127 }, { HELICOPTER_ERROR_NOT_EXECUTABLE, 126 },
                { HELICOPTER_ERROR_LAUNCH_FAILED, 5 }, { SD_BUS_ERROR_ACCESS_DENIED, 5 } };

        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                const sd_bus_error error = SD_BUS_ERROR_MAKE_CONST(cases[i].error, "Something happened.");

                assert_int_equal(start_failure(&error, -1, 5), cases[i].code);
        }
        assert_int_equal(start_failure(&SD_BUS_ERROR_NULL, -1, 1), 1);
}

int main(void) {
        const struct CMUnitTest tests[] = { cmocka_unit_test(test_exit_codes) };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
