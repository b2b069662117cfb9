/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

/* The methods Job.Grant and Job.RemoteExec. userdata: the Job. */
int grant_method(sd_bus_message *message, void *userdata, sd_bus_error *error);
int remote_exec_method(sd_bus_message *message, void *userdata, sd_bus_error *error);
