/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Work on a traced thread, done in a thread of its own, which is the tracer. For two reasons: the kernel lets a tracee go
 * when its tracer thread ends, which is the only way to let go of one that could not be stopped; and when the target cannot
 * be left as it was, the caller can stop waiting for that thread, which goes on trying.
 */

#include <stdint.h>
#include <sys/types.h>

/* Returns 0 or a negative errno. The deadline is CLOCK_MONOTONIC in microseconds. */
typedef int (*TracerWork)(void *data, int64_t deadline);

/*
 * Run the work and wait for it: for at most timeout (microseconds), and somewhat longer for it to leave the target as it was. All
 * conditions of injection_call() about SIGCHLD hold. data: reference counted (g_atomic_rc_box), since the work may outlive this
 * call; what the work puts there may be looked at only when 0 is returned.
 * Returns what the work returned, or -EDEADLK, -EOPNOTSUPP, -ETIMEDOUT as injection_call() does, or another negative errno.
 */
int tracer_thread_run(TracerWork work, void *data, uint64_t timeout);
