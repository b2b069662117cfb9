/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Names of jobs: [A-Za-z0-9][A-Za-z0-9_.-]{0,63}, so that a name is a unit's name, a file's and a word of a command
 * line. */

#include <stdbool.h>

#define JOB_NAME_MAX 64

bool job_name_is_valid(const char *name);

/*
 * A valid name for a command: the base name of its script (the first argument that ends in .py), else of the program,
 * or of the module of a `python -m MODULE`, without its ending, with other characters replaced by '-'. Owned by the
 * caller.
 */
char *job_name_from_command(const char *const *argv);

/* The name with "-NUMBER" behind it, the front shortened where the whole would be too long. Owned by the caller. */
char *job_name_numbered(const char *name, unsigned number);
