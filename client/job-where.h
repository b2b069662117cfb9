/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Where jobs are and what they use: Where of org.helicopter1.Job. */

#include <glib.h>
#include <stdint.h>

#include "client/connection.h"
#include "client/job-info.h"

/* What is not known is NULL, 0 for the line, and JOB_WHERE_UNKNOWN for numbers. */
typedef struct JobWhere {
        char *file, *function; /* without control characters */
        uint32_t line;
        uint64_t memory; /* bytes */
        uint64_t cpu;    /* microseconds */
        uint64_t workers;
} JobWhere;

#define JOB_WHERE_UNKNOWN UINT64_MAX

/*
 * Ask for all of the jobs (JobInfo) at the same time, and wait for the answers, 2 s at most. Returns an array of as many JobWhere, in
 * the same order, to be freed with g_ptr_array_unref(). Of a job that has ended, whose parent is too old, or does not answer, nothing
 * is known; that is no error.
 */
GPtrArray *job_where_ask(Connection *connection, GPtrArray *jobs);

/* The same for one job. Owned by the caller. */
JobWhere *job_where_ask_one(Connection *connection, JobInfo *job);
JobWhere *job_where_free(JobWhere *where);

/* "/home/you/train.py:42 epoch"; NULL where it is not known. Owned by the caller. */
char *job_where_position(const JobWhere *where);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(JobWhere, job_where_free)
