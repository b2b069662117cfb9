/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include <fcntl.h>
#include <unistd.h>

#include "daemon/free-fds.h"

static int open_one(void) {
        return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

typedef struct Hole {
        int fds[3]; /* the middle one is closed */
} Hole;

static int make_hole(void **state) {
        Hole *hole = g_new(Hole, 1);

        for (size_t i = 0; i < G_N_ELEMENTS(hole->fds); i++)
                hole->fds[i] = open_one();
        close(hole->fds[1]);
        *state = hole;
        return 0;
}

static int close_hole(void **state) {
        Hole *hole = *state;

        close(hole->fds[0]);
        close(hole->fds[2]);
        g_free(hole);
        return 0;
}

static void test_lowest(void **state) {
        const Hole *hole = *state;

        assert_int_equal(free_fds_lowest(hole->fds[0]), hole->fds[1]);
        assert_int_equal(free_fds_lowest(hole->fds[0]), hole->fds[1]); /* it has taken none */
        assert_true(free_fds_lowest(hole->fds[1]) < 0);                /* what is asked with is not open */
}

static void test_taken(void **state) {
        const Hole *hole = *state;
        g_autoptr(GArray) taken = g_array_new(FALSE, FALSE, sizeof(int));
        FreeFds free_fds;

        free_fds_find(&free_fds, hole->fds[0]);
        assert_int_equal(free_fds.n, G_N_ELEMENTS(free_fds.numbers));
        assert_int_equal(free_fds.numbers[0], hole->fds[1]);
        free_fds_taken(&free_fds, hole->fds[0], taken);
        assert_int_equal(taken->len, 0);
        assert_int_equal(open_one(), hole->fds[1]);
        free_fds_taken(&free_fds, hole->fds[0], taken);
        assert_int_equal(taken->len, 1);
        assert_int_equal(g_array_index(taken, int, 0), hole->fds[1]);
        close(hole->fds[1]);
}

static void test_none(void **state) {
        const Hole *hole = *state;
        g_autoptr(GArray) taken = g_array_new(FALSE, FALSE, sizeof(int));
        FreeFds free_fds;

        free_fds_find(&free_fds, hole->fds[1]);
        assert_int_equal(free_fds.n, 0);
        free_fds_taken(&free_fds, hole->fds[0], taken);
        assert_int_equal(taken->len, 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_lowest, make_hole, close_hole),
                cmocka_unit_test_setup_teardown(test_taken, make_hole, close_hole),
                cmocka_unit_test_setup_teardown(test_none, make_hole, close_hole),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
