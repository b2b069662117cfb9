/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "lib/tracee.h"

#include <elf.h>
#include <errno.h>
#include <glib.h>
#include <linux/rseq.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>

#include "lib/process-memory.h"

/* Newer than the oldest headers that this builds with: Linux 6.4. */
#define GET_SYSCALL_USER_DISPATCH_CONFIG 0x4211

struct SyscallUserDispatchConfig {
        uint64_t mode;
        uint64_t selector;
        uint64_t offset;
        uint64_t length;
};

static int result(long r) {
        return r < 0 ? -errno : 0;
}

int tracee_seize(pid_t thread) {
        return result(ptrace(PTRACE_SEIZE, thread, NULL, (void *) (uintptr_t) PTRACE_O_TRACESYSGOOD));
}

int tracee_interrupt(pid_t thread) {
        return result(ptrace(PTRACE_INTERRUPT, thread, NULL, NULL));
}

int tracee_continue(pid_t thread, int signal) {
        return result(ptrace(PTRACE_CONT, thread, NULL, (void *) (intptr_t) signal));
}

int tracee_continue_to_syscall(pid_t thread, int signal) {
        return result(ptrace(PTRACE_SYSCALL, thread, NULL, (void *) (intptr_t) signal));
}

int tracee_detach(pid_t thread, int signal) {
        return result(ptrace(PTRACE_DETACH, thread, NULL, (void *) (intptr_t) signal));
}

/* __WNOTHREAD: only what this thread traces, so that a tracee lost by an exec is not taken for a child that is running
 * well. */
static int wait_for(idtype_t type, pid_t thread, int options, siginfo_t *ret_info) {
        siginfo_t info = { 0 };

        if (waitid(type, (id_t) thread, &info, options | __WALL | __WNOTHREAD) < 0)
                return errno == ECHILD ? -ESRCH : -errno;
        *ret_info = info;
        return 0;
}

static TraceeStop decode_stop(int status) {
        if (status >> 8)
                return (TraceeStop) { .kind = TRACEE_STOP_EVENT };
        if (status == (SIGTRAP | 0x80))
                return (TraceeStop) { .kind = TRACEE_STOP_SYSCALL };
        return (TraceeStop) { .kind = TRACEE_STOP_SIGNAL, .signal = status };
}

static bool has_ended(const siginfo_t *info) {
        return info->si_code == CLD_EXITED || info->si_code == CLD_KILLED || info->si_code == CLD_DUMPED;
}

/* 1: it has stopped; 0: it has not yet; -ESRCH: it has ended. */
static int look(pid_t thread, TraceeStop *ret_stop) {
        siginfo_t info = { 0 }, consumed;
        int r;

        /* A tracee's stops are reported whether asked for or not (wait_task_stopped() of the kernel), so both are
         * looked at in one. */
        r = wait_for(P_PID, thread, WSTOPPED | WEXITED | WNOWAIT | WNOHANG, &info);
        if (r < 0)
                return r;
        if (info.si_pid == 0)
                return 0;
        if (has_ended(&info))
                return -ESRCH;
        r = wait_for(P_PID, thread, WSTOPPED | WNOHANG, &consumed);
        if (r < 0)
                return r;
        *ret_stop = decode_stop(info.si_status);
        return 1;
}

/*
 * A thread that runs stops within microseconds, and stands still from then until its tracer has seen that. To be woken takes the tracer longer:
 * so it looks for a moment before it sleeps.
 */
#define LOOK_TIME 50

/* Whether to look again at once. The thread may be waiting for this very processor. */
static bool looks_again(int64_t since) {
        if (g_get_monotonic_time() - since >= LOOK_TIME)
                return false;
        sched_yield();
        return true;
}

int tracee_wait(pid_t thread, int64_t deadline, TraceeStop *ret_stop) {
        int64_t began = g_get_monotonic_time();
        sigset_t child;
        int r;

        sigemptyset(&child);
        sigaddset(&child, SIGCHLD);
        for (;;) {
                struct timespec rest;
                int64_t microseconds;

                r = look(thread, ret_stop);
                if (r != 0)
                        return r < 0 ? r : 0;
                if (looks_again(began))
                        continue;
                microseconds = deadline - g_get_monotonic_time();
                if (microseconds <= 0)
                        return -ETIMEDOUT;
                rest.tv_sec = microseconds / G_USEC_PER_SEC;
                rest.tv_nsec = microseconds % G_USEC_PER_SEC * 1000;
                if (sigtimedwait(&child, NULL, &rest) < 0 && errno != EAGAIN && errno != EINTR)
                        return -errno;
        }
}

int tracee_wait_forever(pid_t thread, TraceeStop *ret_stop) {
        int64_t began = g_get_monotonic_time();

        for (;;) {
                siginfo_t info;
                int r;

                r = look(thread, ret_stop);
                if (r != 0)
                        return r < 0 ? r : 0;
                if (looks_again(began))
                        continue;
                /*
                 * Not for the thread by its number: when it loses that to another thread's exec, the kernel does not
                 * wake who waits for it (de_thread() exchanges the numbers before __wake_up_parent(); seen on
                 * Linux 6.18).
                 */
                r = wait_for(P_ALL, 0, WSTOPPED | WEXITED | WNOWAIT, &info);
                if (r < 0 && r != -EINTR)
                        return r;
        }
}

int tracee_get_registers(pid_t thread, TraceeRegisters *ret_registers) {
        TraceeRegisters registers = { 0 };
        struct iovec iov = { .iov_base = registers.bytes, .iov_len = sizeof(registers.bytes) };
        int r;

        r = result(ptrace(PTRACE_GETREGSET, thread, (void *) (uintptr_t) NT_PRSTATUS, &iov));
        if (r < 0)
                return r;
        registers.size = iov.iov_len;
        *ret_registers = registers;
        return 0;
}

int tracee_set_registers(pid_t thread, const TraceeRegisters *registers) {
        struct iovec iov = { .iov_base = (void *) registers->bytes, .iov_len = registers->size };

        return result(ptrace(PTRACE_SETREGSET, thread, (void *) (uintptr_t) NT_PRSTATUS, &iov));
}

bool tracee_dispatches_syscalls(pid_t thread) {
        struct SyscallUserDispatchConfig config = { 0 };

        /* The request's own number for the size is the address argument. Kernels before 6.4 cannot tell: EIO. */
        if (ptrace((__typeof__(PTRACE_CONT)) GET_SYSCALL_USER_DISPATCH_CONFIG, thread, (void *) sizeof(config),
                    &config) < 0)
                return false;
        return config.mode != 0;
}

/* The address of the thread's struct rseq_cs; 0: it is in no critical section, or the kernel (before 5.13) cannot tell.
 */
static uint64_t critical_section_address(pid_t thread) {
        struct __ptrace_rseq_configuration config = { 0 };
        uint64_t address;

        if (ptrace(PTRACE_GET_RSEQ_CONFIGURATION, thread, (void *) sizeof(config), &config) < 0)
                return 0;
        if (config.rseq_abi_pointer == 0)
                return 0;
        if (process_memory_read(
                    thread, config.rseq_abi_pointer + offsetof(struct rseq, rseq_cs), &address, sizeof(address)) < 0)
                return 0;
        return address;
}

int tracee_critical_section(pid_t thread, uint64_t program_counter, uint64_t *ret_abort) {
        uint64_t address = critical_section_address(thread);
        struct rseq_cs section;

        if (address == 0 || process_memory_read(thread, address, &section, sizeof(section)) < 0)
                return 0;
        /* As the kernel checks it: one comparison, by the wrap-around of unsigned numbers. */
        if (program_counter - section.start_ip >= section.post_commit_offset)
                return 0;
        *ret_abort = section.abort_ip;
        return 1;
}
