/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include <errno.h>

#include "helicopter/grant-policy.h"

static void test_there_and_back(void **state) {
        for (GrantPolicy policy = GRANT_POLICY_SAME_USER; policy <= GRANT_POLICY_NONE; policy++)
                assert_int_equal(grant_policy_from_string(grant_policy_to_string(policy)), policy);
}

static void test_names(void **state) {
        assert_int_equal(grant_policy_from_string("same-user"), GRANT_POLICY_SAME_USER);
        assert_int_equal(grant_policy_from_string("ask-terminal"), GRANT_POLICY_ASK_TERMINAL);
        assert_int_equal(grant_policy_from_string("any-namespace"), GRANT_POLICY_ANY_NAMESPACE);
        assert_int_equal(grant_policy_from_string("none"), GRANT_POLICY_NONE);
}

static void test_others(void **state) {
        assert_int_equal(grant_policy_from_string(""), -EINVAL);
        assert_int_equal(grant_policy_from_string("None"), -EINVAL);
        assert_int_equal(grant_policy_from_string("none "), -EINVAL);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_there_and_back),
                cmocka_unit_test(test_names),
                cmocka_unit_test(test_others),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
