/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Threads of a process that cannot run a script for as long as they are in the call that they are in. One that comes out
 * of it, or is in another call, is stuck no more.
 */

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

#include "helicopter/thread-call.h"

/* As many are remembered. With one more the list begins anew: those that are still stuck are found out once more. */
#define STUCK_THREADS_MAX 256

/* An empty list, to be freed with g_array_unref(). Never fails. */
GArray *stuck_threads_new(void);

/* The thread is stuck in that call. A second time this does nothing. */
void stuck_threads_add(GArray *stuck, pid_t tid, const ThreadCall *call);

/* Whether the thread is stuck, which is in that call now. */
bool stuck_threads_has(const GArray *stuck, pid_t tid, const ThreadCall *call);

/*
 * Whether a thread of the process pid may run a script soon, as far as that is seen from outside: it runs, or is in a
 * call that it may be woken from, and is not stuck. False when it is gone. The caller must be allowed to ptrace it.
 */
bool stuck_threads_may_run(const GArray *stuck, pid_t pid, pid_t tid);
