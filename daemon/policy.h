/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Whether a caller may get at a job: what the job's GrantPolicy says of it. */

#include "daemon/caller.h"
#include "daemon/job.h"

/* 0, or a negative errno and *error set to NotPermitted, which says why. The job's parent must be connected. */
int policy_check(const Job *job, const Caller *caller, sd_bus_error *error);

/* Whether it may change the policy: who could not be let in by it may not; but "none" may be changed by whoever
 * "same-user" would let in. */
int policy_check_change(const Job *job, const Caller *caller, sd_bus_error *error);
