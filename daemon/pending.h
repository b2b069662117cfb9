/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* How many calls each caller has that are not answered yet: a caller is a connection, or a sender on the user bus. */

#include "daemon/manager.h"

/* Whether the caller may have one more. 0, or a negative errno and *error set to LimitReached. */
int pending_check(Manager *manager, sd_bus_message *call, sd_bus_error *error);

/* Count a call. */
void pending_add(Manager *manager, sd_bus_message *call);

/* It was answered, or never will be. To be called once for each pending_add(). */
void pending_remove(Manager *manager, sd_bus_message *call);
