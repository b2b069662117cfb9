/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One traced thread, as ptrace(2) sees it: attach, wait for stops, resume, detach. The kernel ties a tracee to the
 * tracer's *thread*: everything here must be called in the thread that called tracee_seize(), and the tracee is let go
 * when that thread ends.
 *
 * An exit of the tracee is only looked at, never reaped: it may be the process's own child, whose status somebody waits
 * for.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "helicopter/injection.h"

typedef enum TraceeStopKind {
        TRACEE_RUNNING,
        TRACEE_STOP_EVENT,   /* of tracee_interrupt() or of job control: in the kernel's signal path */
        TRACEE_STOP_SIGNAL,  /* a signal is to be delivered: in the signal path as well */
        TRACEE_STOP_SYSCALL, /* at the beginning or the end of a system call */
} TraceeStopKind;

typedef struct TraceeStop {
        TraceeStopKind kind;
        int signal; /* of a TRACEE_STOP_SIGNAL, else 0 */
} TraceeStop;

/* General registers, as the kernel has them; only tracee-arch.h's functions look inside. */
typedef struct TraceeRegisters {
        size_t size;
        union {
                unsigned char bytes[512];
                uint64_t words[64];
        };
} TraceeRegisters;

/* -ERESTARTSYS … -ERESTART_RESTARTBLOCK: what an interrupted call leaves as its result, for the kernel itself. */
static inline bool tracee_is_restart(long call_result) {
        return call_result <= -512 && call_result >= -516;
}

/* All return 0 or a negative errno; -ESRCH means that the thread has ended or is being killed. */

/* Attach without stopping it. -EPERM: not permitted, or it is traced by somebody, or it has ended. */
int tracee_seize(pid_t thread);
/* Ask for a TRACEE_STOP_EVENT. May be called while it is stopped: it then stops again before it runs any of its own
 * code. */
int tracee_interrupt(pid_t thread);
/* Go on, with a signal delivered if it is not 0. */
int tracee_continue(pid_t thread, int signal);
/* The same, up to the beginning or the end of the next system call. */
int tracee_continue_to_syscall(pid_t thread, int signal);
int tracee_detach(pid_t thread, int signal);

/*
 * Wait for a stop until the deadline (CLOCK_MONOTONIC in microseconds, as g_get_monotonic_time() has it), then
 * -ETIMEDOUT. SIGCHLD must be blocked in all threads; it is consumed.
 */
int tracee_wait(pid_t thread, int64_t deadline, TraceeStop *ret_stop);
/* Wait for a stop for as long as it takes. Leaves SIGCHLD alone. */
int tracee_wait_forever(pid_t thread, TraceeStop *ret_stop);

int tracee_get_registers(pid_t thread, TraceeRegisters *ret_registers);
int tracee_set_registers(pid_t thread, const TraceeRegisters *registers);

/* Whether system calls of the thread go to itself instead of the kernel (prctl's PR_SET_SYSCALL_USER_DISPATCH). */
bool tracee_dispatches_syscalls(pid_t thread);

/*
 * The critical section of restartable sequences, rseq(2), that the program counter is in: returns 1 and where it has to
 * go on when it is moved meanwhile; 0 when it is in none.
 */
int tracee_critical_section(pid_t thread, uint64_t program_counter, uint64_t *ret_abort);

/*
 * A system call instruction in the vDSO of a stopped thread of this CPU's native kind. Only good for as long as it is
 * stopped: an exec moves the vDSO. -EOPNOTSUPP: there is none.
 */
int tracee_find_syscall_instruction(pid_t thread, uint64_t *ret_address);
