/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The thread is stopped twice, for some tens of microseconds each: to see what it is in, and, once it is known who made
 * that call, to end it. Between the two it is back in its call, restarted by the kernel, or somewhere else; that is
 * looked at again.
 */

#include "helicopter/wake.h"

#include <errno.h>
#include <glib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/process-memory.h"
#include "lib/tracee-arch.h"
#include "lib/tracee-visit.h"
#include "lib/tracer-thread.h"
#include "lib/wake-snapshot.h"

/* See thread-call.c. */
static bool is_restarted(long number, const ThreadCall *call) {
        if (number != SYS_restart_syscall)
                return false;
#ifdef SYS_poll
        if (call->number == SYS_poll)
                return true;
#endif
        return call->number == SYS_futex || call->number == SYS_clock_nanosleep;
}

/* 0: the thread, stopped, is in that call, or the stop ended it with EINTR; -EAGAIN: it is not. */
static int check_call(const TraceeRegisters *registers, const ThreadCall *call) {
        long number;

        if (!tracee_arch_is_native(registers))
                return -EOPNOTSUPP;
        number = tracee_arch_call_number(registers);
        if (number != call->number && !is_restarted(number, call))
                return -EAGAIN;
        if (tracee_arch_stack_pointer(registers) != call->stack_pointer ||
                tracee_arch_program_counter(registers) != call->program_counter)
                return -EAGAIN;
        return tracee_arch_is_interrupted(registers) || tracee_arch_result(registers) == -EINTR ? 0 : -EAGAIN;
}

/* See wake-kind.c. */
static int check_connect(pid_t thread, const ThreadCall *call) {
        sa_family_t family;
        int r;

        if (call->number != SYS_connect)
                return 0;
        r = process_memory_read(thread, call->arguments[1], &family, sizeof(family));
        if (r < 0)
                return r;
        return family == AF_INET || family == AF_INET6 ? 0 : -EOPNOTSUPP;
}

/* All of it at once, or page by page up to where it ends. */
static int read_stack(WakeSnapshot *snapshot) {
        uint64_t address = tracee_arch_stack_pointer(&snapshot->registers), size = 0;
        uint64_t page = (uint64_t) sysconf(_SC_PAGESIZE);
        int r;

        r = process_memory_read(snapshot->tid, address, snapshot->stack, WAKE_STACK_MAX);
        if (r == 0)
                size = WAKE_STACK_MAX;
        while (r == -EFAULT && size < WAKE_STACK_MAX) {
                uint64_t part = MIN(page - (address + size) % page, WAKE_STACK_MAX - size);

                if (process_memory_read(snapshot->tid, address + size, snapshot->stack + size, part) < 0)
                        r = 0;
                else
                        size += part;
        }
        if (r < 0 && r != -EFAULT)
                return r;
        snapshot->stack_size = size;
        return size > 0 ? 0 : -EFAULT;
}

static int stop_in_call(TraceeVisit *visit, const ThreadCall *call, TraceeRegisters *ret_registers) {
        int r;

        r = tracee_visit_stop(visit);
        if (r < 0)
                return r;
        r = tracee_get_registers(visit->target, ret_registers);
        return r < 0 ? r : check_call(ret_registers, call);
}

static int look(TraceeVisit *visit, WakeSnapshot *snapshot) {
        int r;

        r = stop_in_call(visit, &snapshot->call, &snapshot->registers);
        if (r < 0)
                return r;
        r = check_connect(visit->target, &snapshot->call);
        return r < 0 ? r : read_stack(snapshot);
}

static int take(void *data, int64_t deadline) {
        WakeSnapshot *snapshot = data;
        TraceeVisit visit = { .target = snapshot->tid, .deadline = deadline };
        int r, q;

        r = tracee_visit_begin(&visit);
        if (r < 0)
                return r;
        r = look(&visit, snapshot);
        q = tracee_visit_end(&visit, tracee_visit_detach, NULL);
        return r == 0 || q == -ESRCH ? q : r;
}

int wake_snapshot(pid_t pid, pid_t tid, const ThreadCall *call, uint64_t timeout, WakeSnapshot **ret_snapshot) {
        WakeSnapshot *snapshot;
        int r;

        if (!call->blocked)
                return -EAGAIN;
        r = tracee_visit_check(tid, NULL);
        if (r < 0)
                return r;
        snapshot = g_atomic_rc_box_new0(WakeSnapshot);
        snapshot->magic = WAKE_SNAPSHOT_MAGIC;
        snapshot->pid = pid;
        snapshot->tid = tid;
        snapshot->call = *call;
        r = tracer_thread_run(take, snapshot, timeout);
        if (r < 0) {
                wake_snapshot_free(snapshot);
                return r;
        }
        *ret_snapshot = snapshot;
        return 0;
}

WakeSnapshot *wake_snapshot_free(WakeSnapshot *snapshot) {
        if (snapshot)
                g_atomic_rc_box_release(snapshot);
        return NULL;
}

/* The last that is done before the thread goes on: whatever fails before it leaves the thread as it was. */
static int end_call(TraceeVisit *visit, const WakeSnapshot *snapshot) {
        TraceeRegisters registers;
        int r;

        r = stop_in_call(visit, &snapshot->call, &registers);
        if (r < 0)
                return r;
        if (!tracee_arch_is_same_place(&registers, &snapshot->registers))
                return -EAGAIN;
        if (!tracee_arch_is_interrupted(&registers))
                return 0; /* the stop has ended it */
        tracee_arch_end_call(&registers, -EINTR);
        return tracee_set_registers(visit->target, &registers);
}

static int interrupt(void *data, int64_t deadline) {
        const WakeSnapshot *snapshot = data;
        TraceeVisit visit = { .target = snapshot->tid, .deadline = deadline };
        int r, q;

        r = tracee_visit_begin(&visit);
        if (r < 0)
                return r;
        r = end_call(&visit, snapshot);
        q = tracee_visit_end(&visit, tracee_visit_detach, NULL);
        return q == -ESRCH ? q : r;
}

int wake_interrupt(const WakeSnapshot *snapshot, uint64_t timeout) {
        int r;

        r = tracee_visit_check(snapshot->tid, NULL);
        return r < 0 ? r : tracer_thread_run(interrupt, (void *) snapshot, timeout);
}
