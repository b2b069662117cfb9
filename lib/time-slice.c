/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "helicopter/time-slice.h"

#include <sched.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The kernel's least, in nanoseconds. */
#define SLICE 100000

/* Of sched_setattr(2), as every version has it; that of <sched.h> came with glibc 2.41. */
typedef struct SchedulingAttributes {
        uint32_t size, policy;
        uint64_t flags;
        int32_t nice;
        uint32_t priority;
        uint64_t runtime, deadline, period;
} SchedulingAttributes;

void time_slice_shorten(void) {
        SchedulingAttributes attributes = { .size = sizeof attributes };

        if (syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0) < 0 || attributes.runtime <= SLICE ||
                (attributes.policy != SCHED_OTHER && attributes.policy != SCHED_BATCH))
                return;
        attributes.runtime = SLICE;
        syscall(SYS_sched_setattr, 0, &attributes, 0);
}
