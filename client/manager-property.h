/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the daemon says of itself. */

#include "client/connection.h"

/* Its version, owned by the caller. Returns 0, or a negative errno with *error set. */
int manager_property_version(Connection *connection, char **ret_version, sd_bus_error *error);
