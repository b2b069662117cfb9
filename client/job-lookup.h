/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which job the user means. */

#include "client/connection.h"

/*
 * The object of the job with that name; NULL: of the only job that runs. A daemon that has just been started, by
 * whomever, does not know the jobs yet that run already: before it is said that there is none, one is waited for, at
 * most LOOKUP_QUIET, and LOOKUP_TIMEOUT where the daemon is known to be new. Returns 0 and the path (owned by the
 * caller), or a negative errno with *error set.
 */
int job_lookup(Connection *connection, const char *name, char **ret_object, sd_bus_error *error);

/* Connect to the daemon, and the same. */
int job_lookup_open(const char *name, Connection **ret_connection, char **ret_object, sd_bus_error *error);

/* The object of the job that a process belongs to. */
int job_lookup_pid(Connection *connection, uint32_t pid, char **ret_object, sd_bus_error *error);

/* Give the jobs that run already a moment to come back to a new daemon: until none has come for LOOKUP_QUIET. */
void job_lookup_await(Connection *connection);

/* The same where the daemon is known to be new. */
void job_lookup_settle(Connection *connection);

/* The name in a job's object path, owned by the caller. */
char *job_lookup_name(const char *object);

#define LOOKUP_TIMEOUT (2 * G_USEC_PER_SEC)
#define LOOKUP_QUIET G_USEC_PER_SEC
