/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "helicopter/grant-policy.h"

#include <errno.h>
#include <glib.h>

static const char *const names[] = {
        [GRANT_POLICY_SAME_USER] = "same-user",
        [GRANT_POLICY_ASK_TERMINAL] = "ask-terminal",
        [GRANT_POLICY_ANY_NAMESPACE] = "any-namespace",
        [GRANT_POLICY_NONE] = "none",
};

int grant_policy_from_string(const char *name) {
        for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
                if (g_str_equal(names[i], name))
                        return (int) i;
        return -EINVAL;
}

const char *grant_policy_to_string(GrantPolicy policy) {
        return names[policy];
}
