/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

/* So many of a job's processes are listed or counted. Each is looked into for its Python, which takes a fraction of a millisecond. */
#define PROCESSES_MAX 1000

/* The method Parent.ListProcesses. */
int process_list_method(sd_bus_message *message, void *supervisor, sd_bus_error *error);
