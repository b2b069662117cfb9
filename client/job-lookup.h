/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which job the user means. */

#include "client/connection.h"

/*
 * The object of the job with that name; NULL: of the only job that runs. Returns 0 and the path (owned by the caller), or
 * a negative errno with *error set.
 */
int job_lookup(Connection *connection, const char *name, char **ret_object, sd_bus_error *error);

/* Connect to the daemon, and the same. */
int job_lookup_open(const char *name, Connection **ret_connection, char **ret_object, sd_bus_error *error);

/* The object of the job that a process belongs to. */
int job_lookup_pid(Connection *connection, uint32_t pid, char **ret_object, sd_bus_error *error);

/* The name in a job's object path, owned by the caller. */
char *job_lookup_name(const char *object);
