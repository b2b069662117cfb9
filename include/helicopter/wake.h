/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Waking a thread of a Python that is blocked in a system call, so that it runs the script that is pending in it. The call is
 * made to return EINTR; CPython then looks for something to do, and makes the call again for the rest of its time (PEP
 * 475). Nothing else may be interrupted in this way: a program that has not asked for a signal does not expect EINTR.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "helicopter/thread-call.h"

typedef enum WakeKind {
        WAKE_RESUMED, /* CPython resumes this call, when it was the one that made it */
        WAKE_LOCK,    /* a futex: CPython goes on waiting, without running the script */
        WAKE_NEVER,   /* the program would see the call return early, or the call is not known */
} WakeKind;

/*
 * From an explicit table of calls and their arguments. A WAKE_LOCK may turn out, by its origin, to be one that is resumed after all:
 * wake_origin_parse() says 1 of those of multiprocessing.
 */
WakeKind wake_kind(const ThreadCall *call);

/* The longest that Wake may be asked to wait for, in microseconds. */
#define WAKE_TIMEOUT_MAX (UINT64_C(3600) * 1000 * 1000)

/* As much of the stack as unwinding from a call to its caller outside of libc needs, with a wide margin. */
#define WAKE_STACK_MAX (64u * 1024u)

/* A thread in its call: the registers, and the top of its stack. To be told who made the call. */
typedef struct WakeSnapshot WakeSnapshot;

/*
 * Take one. The thread is stopped for that, see injection.h for what holds; the kernel itself ends some calls by that
 * (epoll_wait, say), or ends them with what they have done so far (a send that was half done): the script then runs without
 * more. Returns 0, -EAGAIN when the thread is not in that call any more, -EOPNOTSUPP also for a call that cannot be resumed although
 * wake_kind() says so (connect to a local socket), or an error of injection_call().
 * Freed with wake_snapshot_free().
 */
int wake_snapshot(pid_t pid, pid_t tid, const ThreadCall *call, uint64_t timeout, WakeSnapshot **ret_snapshot);
WakeSnapshot *wake_snapshot_free(WakeSnapshot *snapshot);

/*
 * Make the call return EINTR, if the thread is still in the very call of the snapshot. Returns 0, -EAGAIN when it is
 * not, or an error of injection_call().
 */
int wake_interrupt(const WakeSnapshot *snapshot, uint64_t timeout);

/*
 * Who made the call is found out by another program, helicopter-unwind: it reads the process's ELF files by libdw, which
 * is large and trusts them more than this process can afford to.
 *
 * Start it on a snapshot. *ret_output: a pipe (CLOEXEC, non-blocking) with what it says, to be read until its end, at most
 * WAKE_ORIGIN_MAX bytes; closing it ends the program, and it ends by itself after some seconds. It is a child of this process,
 * to be reaped by whoever reaps children. Returns 0 or a negative errno.
 */
int wake_origin_start(const WakeSnapshot *snapshot, pid_t *ret_pid, int *ret_output);

#define WAKE_ORIGIN_MAX (16u * 1024u)

/*
 * What helicopter-unwind's whole output means. Returns 1 when CPython itself made the call and resumes it; 0 when that is not known
 * or somebody else made it; *ret_caller is then what to tell the user: the library's or function's name, or NULL when
 * unknown. Owned by the caller.
 */
int wake_origin_parse(const char *output, const ThreadCall *call, char **ret_caller);
