/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A system call made in another process, once. The target is stopped, makes the call with a `syscall` instruction that
 * it has already (the vDSO's, as a rule), gets its registers back and goes on. None of its memory is written.
 *
 * What holds on every path: the target's registers are as they were before it runs its own code again; no signal for it
 * is lost or invented; a target that was stopped by job control is stopped afterwards; nothing is left attached.
 */

#include <stdint.h>
#include <sys/types.h>

typedef struct Syscall {
        long number;
        unsigned long arguments[6];
} Syscall;

/*
 * Make a system call in the thread `target` and detach. The call must be one that returns at once.
 *
 * The caller must have SIGCHLD blocked in all its threads, and neither ignored nor with SA_NOCLDSTOP; it is waited for
 * here, so no other thread may wait for it meanwhile (in another injection_call(), say). The caller must be allowed to
 * ptrace the target, and may be its parent: an exit status of the target is left to be waited for. A SIGCHLD is pending
 * afterwards, so that an event loop looks for children that ended meanwhile.
 *
 * timeout: microseconds, for the whole. Once the target has been moved to the call it is waited for until it has its
 * registers back, by a thread that outlives this call if need be.
 *
 * Returns 0 and sets *ret_result to what the kernel answered in the target (-errno for a failed call), or
 *   -ESRCH      the target ended, or ended meanwhile (a thread also ends when another one of its process calls exec)
 *   -EPERM      ptrace of it is not permitted
 *   -EBUSY      another tracer has it
 *   -EOPNOTSUPP the target is not a native process of this CPU, or has no system call instruction, or this CPU is not
 *               supported
 *   -EACCES     the target's system calls are filtered (by a seccomp filter that this process does not have, or by syscall
 *               user dispatch)
 *   -ETIMEDOUT  it could not be stopped in time; nothing was done, and nothing will be
 *   -EDEADLK    SIGCHLD cannot be waited for, see above
 * or another negative errno. *ret_result is untouched on failure.
 *
 * A target in a system call that Linux itself ends when its thread is stopped (epoll_wait, sigtimedwait and a few more;
 * see signal(7)) sees EINTR.
 */
int injection_call(pid_t target, const Syscall *call, uint64_t timeout, long *ret_result);

/*
 * Let `tracer` and its descendants ptrace `target`'s process under Yama, as PR_SET_PTRACER of prctl(2) does; 0 takes
 * that back. Returns 0, the kernel's own answer as a negative errno, or an error of injection_call(). -EINVAL is the
 * kernel's: no such tracer, or no Yama. -EOPNOTSUPP also: the target is in another pid namespace, where the number
 * would name another process. A process whose main thread has ended while others go on makes the call in one of those.
 */
int injection_set_ptracer(pid_t target, pid_t tracer, uint64_t timeout);
