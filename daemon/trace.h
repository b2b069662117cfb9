/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

/* The methods Job.Grant, Job.LookAhead, Job.RemoteExec, Job.Wake and Job.SetGrantPolicy. userdata: the Job. */
int grant_method(sd_bus_message *message, void *userdata, sd_bus_error *error);
int look_ahead_method(sd_bus_message *message, void *userdata, sd_bus_error *error);
int remote_exec_method(sd_bus_message *message, void *userdata, sd_bus_error *error);
int wake_method(sd_bus_message *message, void *userdata, sd_bus_error *error);
int set_grant_policy_method(sd_bus_message *message, void *userdata, sd_bus_error *error);
