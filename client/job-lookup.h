/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which job the user means. */

#include "client/connection.h"

/*
 * The object of the job with that name; NULL: of the only job that runs. Where the daemon is new, jobs that are on
 * their way to it are waited for, at most LOOKUP_TIMEOUT. Returns 0 and the path (owned by the caller), or a negative
 * errno with *error set.
 */
int job_lookup(Connection *connection, const char *name, char **ret_object, sd_bus_error *error);

/* The object of the job that a process belongs to. */
int job_lookup_pid(Connection *connection, uint32_t pid, char **ret_object, sd_bus_error *error);

/* Give the jobs that run already, where the daemon is new, a moment to come back to it. */
void job_lookup_settle(Connection *connection);

/* The name in a job's object path, owned by the caller. */
char *job_lookup_name(const char *object);

#define LOOKUP_TIMEOUT (2 * G_USEC_PER_SEC)
#define LOOKUP_QUIET (300 * 1000)
