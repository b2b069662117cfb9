/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

/* The method StartJob: what is asked for is checked, the job launched, and the call answered when the command has been
 * executed. */
int start_job(sd_bus_message *message, void *manager, sd_bus_error *error);
