/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include <errno.h>

#include "helicopter/bus-options.h"
#include "helicopter/cleanup.h"
#include "helicopter/error.h"
#include "message.h"

typedef struct Values {
        int flag;
        const char *word;
        uint64_t number;
} Values;

static int read_values(sd_bus_message *message, Values *values, sd_bus_error *error) {
        const BusOption options[] = {
                { "flag", 'b', &values->flag },
                { "word", 's', &values->word },
                { "number", 't', &values->number },
                {},
        };

        message_seal(message);
        return bus_options_read(message, "Method", options, error);
}

static void test_all(void **state) {
        g_autoptr(sd_bus_message) message = message_new();
        Values values = {};

        assert_true(sd_bus_message_append(
                            message, "a{sv}", 3, "number", "t", UINT64_C(7), "flag", "b", 1, "word", "s", "text") >= 0);
        assert_int_equal(read_values(message, &values, NULL), 1);
        assert_true(values.flag);
        assert_string_equal(values.word, "text");
        assert_int_equal(values.number, 7);
}

static void test_none_leaves_all_alone(void **state) {
        g_autoptr(sd_bus_message) message = message_new();
        Values values = { .flag = 5, .word = "before", .number = 9 };

        assert_true(sd_bus_message_append(message, "a{sv}", 0) >= 0);
        assert_int_equal(read_values(message, &values, NULL), 1);
        assert_int_equal(values.flag, 5);
        assert_string_equal(values.word, "before");
        assert_int_equal(values.number, 9);
}

static void test_unknown(void **state) {
        g_autoptr(sd_bus_message) message = message_new();
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        Values values = {};

        assert_true(sd_bus_message_append(message, "a{sv}", 2, "flag", "b", 1, "colour\n", "s", "red") >= 0);
        assert_true(read_values(message, &values, &error) < 0);
        assert_string_equal(error.name, HELICOPTER_ERROR_BAD_OPTION);
        assert_string_equal(error.message, "Method has no option 'colour?'.");
}

static void test_wrong_type(void **state) {
        g_autoptr(sd_bus_message) message = message_new();
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        Values values = {};

        assert_true(sd_bus_message_append(message, "a{sv}", 1, "flag", "s", "yes") >= 0);
        assert_int_equal(read_values(message, &values, &error), -EINVAL);
        assert_false(sd_bus_error_is_set(&error));
}

static void test_not_options(void **state) {
        g_autoptr(sd_bus_message) message = message_new();
        Values values = {};

        assert_true(sd_bus_message_append(message, "s", "text") >= 0);
        assert_true(read_values(message, &values, NULL) < 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_all),
                cmocka_unit_test(test_none_leaves_all_alone),
                cmocka_unit_test(test_unknown),
                cmocka_unit_test(test_wrong_type),
                cmocka_unit_test(test_not_options),
        };

        return cmocka_run_group_tests(tests, message_set_up, message_tear_down);
}
