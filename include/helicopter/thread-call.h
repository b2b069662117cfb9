/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The system call that a thread is blocked in, as /proc/PID/task/TID/syscall has it: the thread is not stopped for that. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct ThreadCall {
        bool blocked; /* in a system call; else it runs, or is about to, and the rest is 0 */
        long number;  /* that of the call itself, where the kernel has restarted it under another one */
        uint64_t arguments[6];
        uint64_t stack_pointer;
        uint64_t program_counter;
} ThreadCall;

/* The caller must be allowed to ptrace the thread. Returns 0, -ESRCH when the thread is gone, or another negative errno. */
int thread_call_read(pid_t pid, pid_t tid, ThreadCall *ret_call);

/* The same call, at the same place of the stack and of the program. */
bool thread_call_is_same(const ThreadCall *a, const ThreadCall *b);

/* "read"; NULL when the number is not known. Static. */
const char *thread_call_name(long number);
