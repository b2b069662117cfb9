/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include <errno.h>
#include <glib.h>
#include <string.h>

#include "lib/python-line-table.h"

/* An entry's first byte, for so many code units. */
#define ENTRY(form, units) (0x80 | (form) << 3 | ((units) - 1))

static void assert_line(const uint8_t *table, size_t size, uint64_t unit, int expected) {
        int line = -1;

        assert_int_equal(python_line_table_find(table, size, 100, unit, &line), 0);
        assert_int_equal(line, expected);
}

static void test_forms(void **state) {
        const uint8_t table[] = {
                ENTRY(13, 2),
                2 << 1, /* 2 lines down, units 0 and 1 */
                ENTRY(0, 1),
                0x12, /* the same line */
                ENTRY(9, 8),
                0x7f, /* the same */
                ENTRY(10, 1),
                1,
                2, /* the same */
                ENTRY(11, 1),
                1,
                2, /* 1 line down */
                ENTRY(12, 1),
                1,
                2, /* 2 lines down */
                ENTRY(13, 1),
                3 << 1 | 1, /* 3 lines up */
                ENTRY(14, 1),
                0x48,
                3,
                0,
                5,
                9, /* 200 is 100 lines down */
                ENTRY(13, 1),
                0x49,
                3, /* and up again */
        };

        assert_line(table, sizeof(table), 0, 102);
        assert_line(table, sizeof(table), 1, 102);
        assert_line(table, sizeof(table), 2, 102);
        assert_line(table, sizeof(table), 10, 102);
        assert_line(table, sizeof(table), 11, 102);
        assert_line(table, sizeof(table), 12, 103);
        assert_line(table, sizeof(table), 13, 105);
        assert_line(table, sizeof(table), 14, 102);
        assert_line(table, sizeof(table), 15, 202);
        assert_line(table, sizeof(table), 16, 102);
}

static void test_no_line(void **state) {
        const uint8_t table[] = { ENTRY(15, 3), ENTRY(11, 1), 0, 0 };
        int line = -1;

        assert_int_equal(python_line_table_find(table, sizeof(table), 100, 2, &line), -ENODATA);
        assert_int_equal(line, -1);
        assert_line(table, sizeof(table), 3, 101);
}

static void assert_bad(const uint8_t *table, size_t size, int first_line, uint64_t unit) {
        int line = -1;

        assert_int_equal(python_line_table_find(table, size, first_line, unit, &line), -EBADMSG);
        assert_int_equal(line, -1);
}

static void test_nonsense(void **state) {
        const uint8_t table[] = { ENTRY(0, 4), 0 }, no_entry[] = { 0x12 }, cut[] = { ENTRY(13, 1) },
                      open_end[] = { ENTRY(13, 1), 0x40 }, next_entry[] = { ENTRY(14, 1), ENTRY(0, 1) },
                      endless[] = { ENTRY(13, 1), 0x40, 0x40, 0x40, 0x40, 0x40, 0x40, 0x40, 1 },
                      up[] = { ENTRY(13, 1), 1 << 1 | 1 },
                      down[] = { ENTRY(13, 1), 0x7e, 0x7f, 0x7f, 0x7f, 0x7f, 0x3f };

        assert_bad(table, sizeof(table), 1, 4);
        assert_bad(table, sizeof(table), 1, UINT64_MAX);
        assert_bad(table, 0, 1, 0);
        assert_bad(no_entry, sizeof(no_entry), 1, 0);
        assert_bad(cut, sizeof(cut), 1, 0);
        assert_bad(open_end, sizeof(open_end), 1, 0);
        assert_bad(next_entry, sizeof(next_entry), 1, 0);
        assert_bad(endless, sizeof(endless), 1, 0);
        assert_bad(up, sizeof(up), 0, 0);
        assert_bad(down, sizeof(down), 1, 0);
        assert_bad(table, sizeof(table), -5, 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_forms),
                cmocka_unit_test(test_no_line),
                cmocka_unit_test(test_nonsense),
        };

        return cmocka_run_group_tests_name("python-line-table", tests, NULL, NULL);
}
