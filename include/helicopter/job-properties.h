/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Those properties of org.helicopter1.Job that a parent tells: read from a message and from a record's file, written into
 * them, copied, compared.
 */

#include <glib.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#include "helicopter/bus-container.h"

#define JOB_STATE_STARTING "starting"
#define JOB_STATE_RUNNING "running"
#define JOB_STATE_EXITED "exited"
#define JOB_STATE_FAILED "failed"

/* Strings and lists are owned, and never NULL. */
typedef struct JobProperties {
        char *state;
        uint32_t pid;
        char *unit;
        char *control_group;
        char **command_line;
        char *working_directory;
        char *log_path;
        char *python_version;
        uint64_t start_timestamp;
        uint64_t end_timestamp;
        uint32_t tracer_pid;
        char *tracer_command;
        uint64_t tracer_since;
        int32_t exit_code;
        int32_t exit_signal;
        char *failure_reason;
        char *grant_policy;
} JobProperties;

/* What is true of a job of which nothing has been told. */
void job_properties_init(JobProperties *properties);
void job_properties_clear(JobProperties *properties);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(JobProperties, job_properties_clear)

/* ret_copy: not initialised before. */
void job_properties_copy(const JobProperties *properties, JobProperties *ret_copy);

/* Replace a string of the properties. */
void job_properties_set_string(char **field, const char *value);

/*
 * What is told of a job goes to everybody who listens, and waits for those who do not: so there are limits to it, in
 * bytes, for a text and for all strings of a list. They are for being shown only.
 */
#define JOB_PROPERTY_TEXT_MAX 4096
#define JOB_PROPERTY_LIST_MAX (16 * 1024)

/*
 * Take over properties from a message that stands at an a{sv}. An unknown one is taken by `take`, which may be NULL, or passed
 * over: a newer parent may tell more. A longer text than may be ends with "…" instead. One of the wrong type, or a state
 * that is none, is -EINVAL; other errors are sd-bus's. On failure some may have been taken over.
 */
int job_properties_read(JobProperties *properties, sd_bus_message *message, BusEntryReader take, void *userdata);

/* Append those that differ from before, or with NULL all, to an open a{sv}. 0 or a negative errno. */
int job_properties_append(const JobProperties *properties, const JobProperties *before, sd_bus_message *message);

/* The group of a file that they are in. */
#define JOB_PROPERTIES_GROUP "Job"

/* Write them all into a file's group. */
void job_properties_save(const JobProperties *properties, GKeyFile *file);

/*
 * Read them from a file's group. One that is missing, of the wrong type or out of its range, or a state that is none, is
 * -EINVAL. *ret_properties, not initialised before, is set on success only.
 */
int job_properties_load(GKeyFile *file, JobProperties *ret_properties);

/* The names of what differs, static strings. The array itself is the caller's; it is NULL-terminated, and the NULL
 * counts in its length. */
GPtrArray *job_properties_diff(const JobProperties *a, const JobProperties *b);
