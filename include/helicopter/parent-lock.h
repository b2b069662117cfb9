/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Which helicopter-parents live, also while no daemon is there to know: each holds a lock on a byte of the file
 * "helicopter/parents" in the runtime folder. It is a record lock of fcntl(2): it ends with its process on every path, a
 * forked child does not inherit it, and the kernel itself tells whose it is. So nothing in the file can be stale, and
 * nothing has to be removed.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * Take this process's lock. Returns a CLOEXEC descriptor to keep as long as the lock is to be held (no other descriptor
 * of the file may be closed meanwhile, fcntl(2)), or a negative errno.
 */
int parent_lock_take(void);

/* Whether a lock that was taken is one on the file that others would look at: the folder may have been removed. */
bool parent_lock_is_current(int fd);

/*
 * The pids of those who hold a lock, at most `max`, in this process's pid namespace; who is in none of it is left out.
 * Returns their number and sets *ret_pids (owned by the caller, g_free; may be NULL for none), or a negative errno; 0 where there is no file.
 */
int parent_lock_list(size_t max, pid_t **ret_pids);

/* Whether a process holds its lock. */
bool parent_lock_is_held(pid_t pid);
