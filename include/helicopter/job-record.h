/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * How a job ended, in a file of its own: "helicopter/ended/NAME" in the runtime folder, written by the job's parent, or by
 * the daemon for a parent that could not. So an end is known also to a daemon that did not run then, or that has
 * crashed since. A file appears whole, by a rename.
 */

#include <stdbool.h>
#include <sys/types.h>

#include "helicopter/job-properties.h"

typedef struct JobRecord {
        char *name;
        uint32_t parent_pid;
        JobProperties properties;
} JobRecord;

JobRecord *job_record_free(JobRecord *record);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(JobRecord, job_record_free)

/* The folder, made if needed; owned by the caller. 0; -EPERM when others could change it; or a negative errno. */
int job_record_folder(char **ret_folder);

/*
 * Write a job's record, in the place of an earlier one of that name. A command line that is too long for a record is cut
 * off. 0 or a negative errno.
 */
int job_record_write(const char *name, uint32_t parent_pid, const JobProperties *properties);

/*
 * Read a job's record. It may be anybody's who runs as the same user: what is no regular file, too large, not what would be
 * written, or not of an ended job, is -EINVAL. Returns 0 and the record, owned by the caller; -ENOENT when there is
 * none; or a negative errno.
 */
int job_record_read(const char *name, JobRecord **ret_record);

bool job_record_exists(const char *name);
void job_record_remove(const char *name);

/*
 * The names of all records, at most `max` (which of them, is not said), NULL-terminated and owned by the caller; never
 * NULL. What a writer that was killed has left is removed.
 */
char **job_record_list(size_t max);
