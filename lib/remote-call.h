/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What injection_call() does, as the tracer: the calling thread itself traces the target until the thread ends. */

#include "helicopter/injection.h"

/*
 * Make a system call in another thread; see injection_call() for what holds and for the errors. The deadline is
 * CLOCK_MONOTONIC in microseconds. On -ETIMEDOUT the target may still be attached, running: the end of the calling
 * thread lets it go. When the deadline passes while the target stands in front of the call, this waits, for as long as
 * it takes, until the target has its registers back.
 */
int remote_call(pid_t target, const Syscall *call, int64_t deadline, long *ret_result);

/* Whether a call could be made in a thread, as far as /proc tells: 0, -ESRCH, -EBUSY (by another tracer than this
 * thread) or -EACCES. */
int remote_call_check(pid_t target);
