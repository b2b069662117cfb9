/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A program started from this one, which learns whether that worked. */

#include <sys/types.h>

/* What the child does before the program replaces it: 0 or a negative errno, which becomes spawn()'s result. */
typedef int (*SpawnPrepare)(void *userdata);

/*
 * Fork, call prepare (may be NULL) in the child, execute file. The program begins with the default disposition of all
 * signals and none blocked. Returns 0 when it runs, or a negative errno; then no child is left.
 */
int spawn(const char *file, char *const argv[], SpawnPrepare prepare, void *userdata, pid_t *ret_pid);
