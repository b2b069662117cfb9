/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The first moment of a daemon. Parents that live already come to it by themselves; until they have, what it says of jobs
 * would be wrong. So it is known who lives (helicopter/parent-lock.h), and nobody but parents is served before all of
 * them have registered or ended. One that is stopped, or hangs, is waited for until a deadline only.
 */

#include "daemon/manager.h"

typedef void (*SettleDone)(void *userdata);

/*
 * Find out who is to come, and call done(userdata) once, from the event loop, when all have. The manager's `settle` is set
 * until then. Returns 0 or a negative errno.
 */
int settle_new(Manager *manager, SettleDone done, void *userdata, Settle **ret_settle);

/* To be called before the manager is freed. NULL is fine. Returns NULL. */
Settle *settle_free(Settle *settle);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Settle, settle_free)

/* A parent has registered, or tried to. settle: NULL when there is nothing to wait for any more. */
void settle_came(Settle *settle, pid_t pid);

/* Whether it is a parent that has connected, and so is to be served at once. */
bool settle_is_parent(const Settle *settle, int connection);
