/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which job the user means. */

#include "client/connection.h"

typedef enum JobChoice {
        JOBS_NONE,
        JOBS_RUNNING, /* or starting */
        JOBS_ENDED,
        JOBS_ALL,
} JobChoice;

/*
 * The object of the job with that name, or of the only one whose name begins so: of those that run, or else of all; or of
 * the job whose main process has that number. NULL: of the only job that runs. Returns 0 and the path (owned by the caller), or
 * a negative errno with *error set.
 */
int job_lookup(Connection *connection, const char *name, char **ret_object, sd_bus_error *error);

/* The object of the job with that very name. */
int job_lookup_exact(Connection *connection, const char *name, char **ret_object, sd_bus_error *error);

/* Connect to the daemon, and look up as job_lookup() does; once more where that daemon ends meanwhile. */
int job_lookup_open(const char *name, Connection **ret_connection, char **ret_object, sd_bus_error *error);

/* Whether what was typed in a name's place may be a pid. */
bool job_lookup_is_pid(const char *typed, uint32_t *ret_pid);

/* The object of the job that a process belongs to. */
int job_lookup_pid(Connection *connection, uint32_t pid, char **ret_object, sd_bus_error *error);

/* The names of jobs, NULL-terminated, owned by the caller. timeout: in microseconds. */
int job_lookup_names(
        Connection *connection, JobChoice choice, uint64_t timeout, char ***ret_names, sd_bus_error *error);

/* The name in a job's object path, owned by the caller. */
char *job_lookup_name(const char *object);
