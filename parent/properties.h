/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

#include "parent/supervisor.h"

/* Append all that a parent tells of its job, as the a{sv} of org.helicopter1.Registry. 0 or a negative errno. */
int properties_append(sd_bus_message *message, const Supervisor *supervisor);
