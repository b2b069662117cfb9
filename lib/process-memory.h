/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Reading and writing another process's memory. The caller must be allowed to ptrace it; nothing is stopped. */

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Read size bytes at an address of a process. All or nothing: returns 0, or -EFAULT when they are not all there,
 * -ESRCH, -EPERM or another negative errno; the buffer's contents are then undefined.
 */
int process_memory_read(pid_t pid, uint64_t address, void *buffer, size_t size);

/*
 * Write size bytes at an address of a process. Returns 0, or -EFAULT when they cannot all be written, -ESRCH, -EPERM or another
 * negative errno; some of them may have been written then, the first ones first.
 */
int process_memory_write(pid_t pid, uint64_t address, const void *buffer, size_t size);
