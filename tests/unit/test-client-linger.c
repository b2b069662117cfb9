/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include <errno.h>
#include <glib.h>
#include <string.h>
#include <unistd.h>

#include "client/linger.h"

int __wrap_access(const char *path, int mode);

static int logind, user; /* the errno of looking at either; 0: it is there */

int __wrap_access(const char *path, int mode) {
        errno = g_str_has_prefix(path, "/var/lib/systemd/linger/") ? user : logind;
        return errno == 0 ? 0 : -1;
}

static void assert_linger(int logind_error, int user_error, int expected) {
        logind = logind_error;
        user = user_error;
        assert_int_equal(linger_is_on(), expected);
}

static void test_is_on(void **state) {
        assert_linger(0, 0, 1);
        assert_linger(0, ENOENT, 0);
        assert_linger(0, EACCES, -EACCES); /* it may be */
        assert_linger(ENOENT, ENOENT, -ENOENT);
}

static void test_matters(void **state) {
        g_autofree char *unit =
                g_strdup_printf("/user.slice/user-%u.slice/user@%u.service/helicopter.slice/helicopter-a.service",
                        geteuid(), geteuid());

        assert_true(linger_matters(unit));
        assert_false(linger_matters("/user.slice/user-4711.slice/session-3.scope"));
        assert_false(linger_matters("/user.slice/user-4711.slice/user@4711.service/a.service"));
        assert_false(linger_matters(""));
        assert_false(linger_matters(NULL));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_is_on),
                cmocka_unit_test(test_matters),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
