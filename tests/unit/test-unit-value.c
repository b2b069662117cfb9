/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include <errno.h>
#include <signal.h>

#include "daemon/unit-value.h"

#define BAD (UINT64_MAX - 1) /* no value that a test expects */

static void assert_values(int (*read)(const char *, uint64_t *), const char *text, uint64_t expected) {
        uint64_t found = BAD;
        int r = read(text, &found);

        if (r != (expected == BAD ? -EINVAL : 0) || found != expected)
                fail_msg("'%s' is read as %d, %llu", text, r, (unsigned long long) found);
}

static void test_sizes(void **state) {
        assert_values(unit_value_size, "0", 0);
        assert_values(unit_value_size, "4096", 4096);
        assert_values(unit_value_size, "4K", 4096);
        assert_values(unit_value_size, "1.5G", UINT64_C(3) << 29);
        assert_values(unit_value_size, "2T", UINT64_C(2) << 40);
        assert_values(unit_value_size, "8E", UINT64_C(8) << 60);
        assert_values(unit_value_size, "infinity", UINT64_MAX);
        for (const char *const *bad = (const char *const[]) { "", "K", "-1", "4X", "4 K", "1.2.3", ".5", "0x10", "16E",
                     "99999999999999999999999", "4KB", "1e5", NULL };
                *bad; bad++)
                assert_values(unit_value_size, *bad, BAD);
}

static void test_percentages(void **state) {
        assert_values(unit_value_percent, "50%", 5000);
        assert_values(unit_value_percent, "12.25%", 1225);
        assert_values(unit_value_percent, "250%", 25000);
        for (const char *const *bad = (const char *const[]) { "50", "%", "-5%", "5%%", "0.001%", "", NULL }; *bad;
                bad++)
                assert_values(unit_value_percent, *bad, BAD);
}

static void test_spans(void **state) {
        assert_values(unit_value_span, "90", 90000000);
        assert_values(unit_value_span, "500ms", 500000);
        assert_values(unit_value_span, "0.5", 500000);
        assert_values(unit_value_span, "1h 30min", UINT64_C(5400000000));
        assert_values(unit_value_span, "1h30m", UINT64_C(5400000000));
        assert_values(unit_value_span, "2 weeks", UINT64_C(14) * 86400 * 1000000);
        assert_values(unit_value_span, "7us", 7);
        assert_values(unit_value_span, "infinity", UINT64_MAX);
        for (const char *const *bad = (const char *const[]) { "", " ", "ms", "5x", "-1", "1h -1m", "999999999999999d",
                     "1h,2m", NULL };
                *bad; bad++)
                assert_values(unit_value_span, *bad, BAD);
}

static void test_integers(void **state) {
        int64_t number = 0;

        assert_int_equal(unit_value_integer("-20", -20, 19, &number), 0);
        assert_int_equal(number, -20);
        assert_int_equal(unit_value_integer("20", -20, 19, &number), -EINVAL);
        assert_int_equal(unit_value_integer("", -20, 19, &number), -EINVAL);
        assert_int_equal(unit_value_integer("1x", -20, 19, &number), -EINVAL);
        assert_int_equal(unit_value_integer(" 1", -20, 19, &number), -EINVAL);
        assert_int_equal(number, -20);
}

static void test_modes(void **state) {
        uint32_t mode = 1;

        assert_int_equal(unit_value_mode("0027", &mode), 0);
        assert_int_equal(mode, 027);
        assert_int_equal(unit_value_mode("77", &mode), 0);
        assert_int_equal(mode, 077);
        assert_int_equal(unit_value_mode("1000", &mode), -EINVAL);
        assert_int_equal(unit_value_mode("8", &mode), -EINVAL);
        assert_int_equal(unit_value_mode("-1", &mode), -EINVAL);
}

static void test_signals(void **state) {
        assert_int_equal(unit_value_signal("SIGINT"), SIGINT);
        assert_int_equal(unit_value_signal("TERM"), SIGTERM);
        assert_int_equal(unit_value_signal("9"), SIGKILL);
        assert_int_equal(unit_value_signal("SIGSIGINT"), -EINVAL);
        assert_int_equal(unit_value_signal("0"), -EINVAL);
        assert_int_equal(unit_value_signal("int"), -EINVAL);
        assert_int_equal(unit_value_signal(""), -EINVAL);
}

static void assert_cpus(const char *text, const uint8_t *expected, gsize expected_size) {
        g_autoptr(GBytes) set = NULL;

        assert_int_equal(unit_value_cpus(text, &set), 0);
        assert_int_equal(g_bytes_get_size(set), expected_size);
        assert_memory_equal(g_bytes_get_data(set, NULL), expected, expected_size);
}

static void test_cpus(void **state) {
        GBytes *set;

        assert_cpus("0", (const uint8_t[]) { 1 }, 1);
        assert_cpus("0-3,8 10", (const uint8_t[]) { 15, 5 }, 2);
        assert_cpus("7, 6", (const uint8_t[]) { 0xc0 }, 1);
        assert_int_equal(unit_value_cpus("", &set), -EINVAL);
        assert_int_equal(unit_value_cpus("3-1", &set), -EINVAL);
        assert_int_equal(unit_value_cpus("-1", &set), -EINVAL);
        assert_int_equal(unit_value_cpus("1-", &set), -EINVAL);
        assert_int_equal(unit_value_cpus("8192", &set), -EINVAL);
        assert_int_equal(unit_value_cpus("all", &set), -EINVAL);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_sizes),
                cmocka_unit_test(test_percentages),
                cmocka_unit_test(test_spans),
                cmocka_unit_test(test_integers),
                cmocka_unit_test(test_modes),
                cmocka_unit_test(test_signals),
                cmocka_unit_test(test_cpus),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
