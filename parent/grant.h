/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

#include "parent/supervisor.h"

/* The method Parent.Grant. */
int grant_method(sd_bus_message *message, void *supervisor, sd_bus_error *error);

/* Refuse all that are under way. */
void grant_end_all(Supervisor *supervisor);
