/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What processes use: memory and CPU time. */

#include <stdint.h>
#include <sys/types.h>

typedef struct ProcessUsage {
        uint64_t memory; /* bytes */
        uint64_t cpu;    /* microseconds */
} ProcessUsage;

/*
 * Add a process's own: what it has in memory (pages that it shares with others with it), and the CPU time that it and the
 * children that it has waited for took, to 10 ms (proc(5)). 0, -ESRCH or another negative errno; nothing is added then.
 */
int process_usage_add(pid_t pid, ProcessUsage *usage);

/*
 * What a control group uses, as the kernel counts it for all that is or was in it: memory.current (the page cache with it) and
 * usage_usec of cpu.stat, the files that a service manager has MemoryCurrent and CPUUsageNSec from. group: as
 * process_control_group() has it. 0, or a negative errno: -ENOENT where there are no such files, as in the root group.
 */
int process_usage_of_group(const char *group, ProcessUsage *ret_usage);
