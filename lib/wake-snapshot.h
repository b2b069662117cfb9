/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A snapshot as it is in memory, and as helicopter-unwind reads it: without the part of the stack that is not there. */

#include "helicopter/wake.h"
#include "lib/tracee.h"

/* Of this very layout. */
#define WAKE_SNAPSHOT_MAGIC 0x68757731u

struct WakeSnapshot {
        uint32_t magic;
        pid_t pid;
        pid_t tid;
        ThreadCall call;
        TraceeRegisters registers; /* before anything was changed */
        uint64_t stack_size;       /* bytes from the stack pointer on */
        unsigned char stack[WAKE_STACK_MAX];
};

#define WAKE_SNAPSHOT_HEAD offsetof(struct WakeSnapshot, stack)
