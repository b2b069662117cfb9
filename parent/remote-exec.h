/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

/* The method Parent.RemoteExec. */
int remote_exec_method(sd_bus_message *message, void *supervisor, sd_bus_error *error);
