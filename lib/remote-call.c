/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The target goes through these stops:
 *
 *      event stop            its registers are saved, and set to those of the call
 *      system call's begin   checked to be ours
 *      system call's end     the result is read
 *      event stop            the registers are given back
 *
 * The last one is needed because of a call that the target was in when it was stopped: the saved registers then ask the
 * kernel to restart it (-ERESTARTSYS and its like in rax), which the kernel does on its way out of the signal path,
 * where event stops are, and not on its way out of a system call. A single step would save two of the stops, but its
 * trap resets the target's SIGTRAP handler when that signal is blocked or ignored (force_sig() of the kernel). All seen
 * on Linux 6.18 and 7.2.
 */

#include "lib/remote-call.h"

#include <errno.h>
#include <glib.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "helicopter/process.h"
#include "lib/tracee-arch.h"
#include "lib/tracee-visit.h"

typedef struct RemoteCall {
        TraceeVisit visit;
        const Syscall *call;

        TraceeRegisters saved;
        bool moved;   /* the target's registers are not those saved */
        bool entered; /* it stands at the beginning of the call */

        long result;
} RemoteCall;

/*
 * Wait for a target that must not be left as it is. When the deadline passes it is asked to stop where it is, be it in
 * front of the call (its control group was frozen) or in it, and waited for without an end.
 */
static int wait_for_moved(RemoteCall *remote) {
        int r;

        r = tracee_wait(remote->visit.target, remote->visit.deadline, &remote->visit.stop);
        if (r != -ETIMEDOUT)
                return r;
        r = tracee_interrupt(remote->visit.target);
        if (r < 0)
                return r;
        return tracee_wait_forever(remote->visit.target, &remote->visit.stop);
}

/* A filter decides about system calls, and may kill for one. What this process has too is taken to allow the call. */
static int check_seccomp(const ProcessStatus *target) {
        ProcessStatus self;
        int r;

        if (target->seccomp == 0)
                return 0;
        r = process_status((pid_t) syscall(SYS_gettid), &self);
        if (r < 0)
                return r;
        return target->seccomp != self.seccomp || target->seccomp_filters > self.seccomp_filters ? -EACCES : 0;
}

int remote_call_check(pid_t target) {
        ProcessStatus status;
        int r;

        r = tracee_visit_check(target, &status);
        return r < 0 ? r : check_seccomp(&status);
}

static int set_saved(RemoteCall *remote) {
        int r;

        r = tracee_set_registers(remote->visit.target, &remote->saved);
        if (r < 0)
                return r;
        remote->moved = false;
        return 0;
}

/* What is only certain of a stopped target: an exec may have replaced everything until then. */
static int examine(RemoteCall *remote, uint64_t *ret_instruction) {
        uint64_t abort_address;
        int r;

        r = remote_call_check(remote->visit.target);
        if (r < 0)
                return r;
        r = tracee_get_registers(remote->visit.target, &remote->saved);
        if (r < 0)
                return r;
        if (!tracee_arch_is_native(&remote->saved))
                return -EOPNOTSUPP;
        if (tracee_dispatches_syscalls(remote->visit.target))
                return -EACCES;
        r = tracee_find_syscall_instruction(remote->visit.target, ret_instruction);
        if (r < 0)
                return r;
        /* The kernel aborts a critical section when its thread is moved away from it, but only if it sees it inside. */
        if (tracee_critical_section(remote->visit.target, tracee_arch_program_counter(&remote->saved), &abort_address) >
                0)
                tracee_arch_set_program_counter(&remote->saved, abort_address);
        return 0;
}

/*
 * From the event stop to the beginning of the call. -EAGAIN: something else came first, and the registers are the
 * target's own.
 */
static int enter_call(RemoteCall *remote, uint64_t instruction) {
        TraceeRegisters registers = remote->saved;
        int r;

        tracee_arch_prepare_call(&registers, instruction, remote->call);
        remote->moved = true;
        r = tracee_set_registers(remote->visit.target, &registers);
        if (r < 0)
                return r;
        r = tracee_visit_resume(&remote->visit, tracee_continue_to_syscall);
        if (r < 0)
                return r;
        r = wait_for_moved(remote);
        if (r < 0)
                return r;
        if (remote->visit.stop.kind != TRACEE_STOP_SYSCALL) {
                r = set_saved(remote);
                return r < 0 ? r : -EAGAIN;
        }
        remote->entered = true;
        r = tracee_get_registers(remote->visit.target, &registers);
        if (r < 0)
                return r;
        return tracee_arch_is_call(&registers, instruction, remote->call) ? 0 : -EIO;
}

/* From the beginning of the call to its end. */
static int make_call(RemoteCall *remote) {
        TraceeRegisters registers;
        long result;
        int r;

        if (g_get_monotonic_time() >= remote->visit.deadline)
                return -ETIMEDOUT;
        r = tracee_visit_resume(&remote->visit, tracee_continue_to_syscall);
        if (r < 0)
                return r;
        remote->entered = false;
        r = wait_for_moved(remote);
        if (r < 0)
                return r;
        r = tracee_get_registers(remote->visit.target, &registers);
        if (r < 0)
                return r;
        result = tracee_arch_result(&registers);
        remote->result = tracee_is_restart(result) ? -EINTR : result;
        return 0;
}

static int try_call(RemoteCall *remote) {
        uint64_t instruction;
        int r;

        r = examine(remote, &instruction);
        if (r < 0)
                return r;
        r = enter_call(remote, instruction);
        if (r < 0)
                return r;
        return make_call(remote);
}

static int skip_call(RemoteCall *remote) {
        TraceeRegisters registers;
        int r;

        r = tracee_get_registers(remote->visit.target, &registers);
        if (r < 0)
                return r;
        tracee_arch_skip_call(&registers);
        r = tracee_set_registers(remote->visit.target, &registers);
        if (r < 0)
                return r;
        remote->entered = false;
        return 0;
}

/* Bring a target whose registers are not its own to a stop where they can be given back. */
static int leave_call(RemoteCall *remote) {
        int r;

        if (remote->entered) {
                r = skip_call(remote);
                if (r < 0)
                        return r;
        }
        while (remote->visit.stop.kind == TRACEE_RUNNING || remote->visit.stop.kind == TRACEE_STOP_SYSCALL) {
                r = tracee_interrupt(remote->visit.target);
                if (r < 0)
                        return r;
                if (remote->visit.stop.kind == TRACEE_STOP_SYSCALL) {
                        r = tracee_visit_resume(&remote->visit, tracee_continue);
                        if (r < 0)
                                return r;
                }
                r = tracee_wait_forever(remote->visit.target, &remote->visit.stop);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int let_go(TraceeVisit *visit, void *data) {
        RemoteCall *remote = data;
        int r;

        if (remote->moved) {
                r = leave_call(remote);
                if (r < 0)
                        return r;
                r = set_saved(remote);
                if (r < 0)
                        return r;
        }
        return tracee_visit_detach(visit, NULL);
}

int remote_call(pid_t target, const Syscall *call, int64_t deadline, long *ret_result) {
        RemoteCall remote = { .visit = { .target = target, .deadline = deadline }, .call = call };
        int r, q;

        r = tracee_visit_begin(&remote.visit);
        if (r < 0)
                return r;
        do {
                r = tracee_visit_stop(&remote.visit);
                if (r == 0)
                        r = try_call(&remote);
        } while (r == -EAGAIN && g_get_monotonic_time() < deadline);
        if (r == -EAGAIN)
                r = -ETIMEDOUT;
        q = tracee_visit_end(&remote.visit, let_go, &remote);
        /* What /proc says of a target that is being killed, in a stop too, may look like another error. */
        if (q < 0 && (r == 0 || q == -ESRCH))
                r = q;
        if (r < 0)
                return r;
        *ret_result = remote.result;
        return 0;
}
