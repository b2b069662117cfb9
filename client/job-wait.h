/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Waiting for a job's end, told by the daemon's signals. */

#include "client/job-info.h"

typedef struct JobWatch JobWatch;

/* Called after a change was read. */
typedef void (*JobWatchChanged)(JobWatch *watch, void *userdata);

/* What is known of a job and kept up to date; valid as long as the connection. */
struct JobWatch {
        Connection *connection;
        JobInfo *info;
        sd_bus_slot *changes, *owner;
        bool lost; /* the daemon has left the message bus */
        JobWatchChanged changed;
        void *userdata;
};

/* Ask for the job and follow its changes. Returns 0, or a negative errno with *error set. */
int job_watch_open(Connection *connection, const char *object, JobWatch **ret_watch, sd_bus_error *error);

/* Have changes told, or (NULL) no longer. */
void job_watch_notify(JobWatch *watch, JobWatchChanged changed, void *userdata);

/* NULL is fine. */
JobWatch *job_watch_free(JobWatch *watch);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(JobWatch, job_watch_free)

/* Handle messages until the job has ended. Returns 0, -ETIMEDOUT (deadline as in connection_wait()) or -ECONNRESET. */
int job_watch_end(JobWatch *watch, uint64_t deadline);

/*
 * Wait for the end of the job with that name, however long, over as many connections as it takes: the daemon may be
 * replaced meanwhile. Returns 0 and what is known then, or a negative errno with *error set.
 */
int job_wait_end(Connection *connection, const char *object, JobInfo **ret_info, sd_bus_error *error);

/* The exit code of a client that ends as the job did; EXIT_OWN_FAILURE where nobody knows how it did. */
int job_wait_exit_code(const JobInfo *info);
