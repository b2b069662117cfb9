/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The environment that a job is to have, in a file that only its user may read: "helicopter/environment/NAME" in the
 * runtime folder. A unit's Environment= cannot carry every variable (exported shell functions have names that it
 * refuses, values may be other than UTF-8), and cannot take one away that the service manager has. The job's parent
 * reads it; it goes when the job has ended.
 */

#include <stdint.h>

/* Write the file. Returns its path, owned by the caller, or NULL and sets *ret_error to a negative errno. */
char *environment_file_write(const char *job_name, const char *const *environment, int *ret_error);

/* For one that no parent has come to read. */
void environment_file_remove(const char *job_name);

/* Remove files that were written longer ago than `age` microseconds: of a daemon that was killed before anybody read them. */
void environment_file_remove_old(int64_t age);
