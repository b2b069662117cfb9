/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What keeps a process from being debugged, as far as /proc tells. Errors do not name its job: client_error_name_job(). */

#include <sys/types.h>
#include <systemd/sd-bus.h>

/* A debugger connects over localhost. Returns 0, or a negative errno with *error set when the process's is another one. */
int obstacle_network(pid_t pid, sd_bus_error *error);

/* An injected script opens this client's descriptors, by its pid. The same for pid namespaces. */
int obstacle_pids(pid_t pid, sd_bus_error *error);

/* Say in *error, when it is RemoteDebugDisabled, what has switched remote debugging off. */
void obstacle_explain_disabled(pid_t pid, sd_bus_error *error);

/* Tell what stands in the way: another tracer has the process, or it is stopped. told: what the user was told already, or NULL. */
void obstacle_report(pid_t pid, const char *told);
