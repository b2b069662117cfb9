/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the daemon says of a job: the properties of org.helicopter1.Job, in one struct. */

#include <stdbool.h>
#include <stdint.h>

#include "client/connection.h"

/* Fields are zero, NULL or as job_info_new() sets them until they were read. */
typedef struct JobInfo {
        char *object; /* its path */
        char *name;
        char *state; /* starting, running, exited, failed */
        uint32_t pid, parent_pid;
        char *unit, *control_group;
        char **command_line;
        char *working_directory, *log_path, *python_version;
        uint64_t started, ended; /* microseconds since the epoch */
        uint32_t tracer_pid;
        char *tracer_command;
        uint64_t tracer_since;
        int32_t exit_code, exit_signal;
        char *grant_policy; /* NULL: an older daemon */
        char *failure_reason;
} JobInfo;

JobInfo *job_info_new(const char *object);

/* NULL is fine. */
JobInfo *job_info_free(JobInfo *info);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(JobInfo, job_info_free)

/*
 * Read properties (a{sv}, at which the message stands) into info; those that are missing there stay as they are.
 * Returns 0 or a negative errno.
 */
int job_info_read(JobInfo *info, sd_bus_message *message);

/* Read what a PropertiesChanged signal of the job says. Returns 0 or a negative errno. */
int job_info_update(JobInfo *info, sd_bus_message *signal);

/* Ask for a job. Returns 0, or a negative errno with *error set. */
int job_info_get(Connection *connection, const char *object, JobInfo **ret_info, sd_bus_error *error);

/* Ask for all jobs, in the order in which they were started: an array of JobInfo, freed with g_ptr_array_unref(). */
int job_info_list(Connection *connection, GPtrArray **ret_jobs, sd_bus_error *error);

/* The same in a fraction of the time, with only these fields read: name, state, pid, started, tracer_pid, command_line. */
int job_info_list_brief(Connection *connection, GPtrArray **ret_jobs, sd_bus_error *error);

/* Whether the job has ended. */
bool job_info_ended(const JobInfo *info);

/* What a shell's $? would be for the ended job: its code, or 128 + the signal. */
int job_info_exit_status(const JobInfo *info);

/* "running", "has ended with exit code 3", "was ended by SIGKILL" … Owned by the caller. */
char *job_info_outcome(const JobInfo *info);

/* The command as one line to be shown, without control characters. Owned by the caller. */
char *job_info_command(const JobInfo *info);
