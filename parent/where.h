/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Where of org.helicopter1.Parent: where the job is, and what it uses. */

#include <systemd/sd-bus.h>

#include "parent/supervisor.h"

int where_method(sd_bus_message *message, void *userdata, sd_bus_error *error);

/* What was found out last, which is told again for a short while. NULL is fine. Returns NULL. */
Where *where_free(Where *where);
