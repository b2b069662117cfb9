/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Who is let at a job: its property GrantPolicy. It is kept by the job's parent, and enforced by the daemon. */

typedef enum GrantPolicy {
        GRANT_POLICY_SAME_USER,     /* "same-user": the user's processes, but those in other namespaces */
        GRANT_POLICY_ASK_TERMINAL,  /* "ask-terminal": of them those that have a controlling terminal */
        GRANT_POLICY_ANY_NAMESPACE, /* "any-namespace": all of the user's processes, also sandboxed ones */
        GRANT_POLICY_NONE,          /* "none": nobody */
} GrantPolicy;

/* The policy of that name, or -EINVAL. */
int grant_policy_from_string(const char *name);

/* Its name; static. */
const char *grant_policy_to_string(GrantPolicy policy);

/* All names, for a message to a user. */
#define GRANT_POLICY_NAMES "same-user, ask-terminal, any-namespace or none"
