/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The innermost Python frame of a thread, read while the thread runs. Facts: Include/internal/pycore_interpframe_structs.h and
 * pycore_debug_offsets.h of CPython 3.14 and 3.15. The process may be hostile.
 */

#include <stdint.h>
#include <sys/types.h>

#include "helicopter/python-position.h"
#include "lib/python-offsets.h"

/*
 * Read it. state: the address of the thread's state. offsets: with frames. Returns 0, or
 *   -ENODATA  the thread runs no Python
 *   -EAGAIN   what was read did not fit together, however often it was read
 * or an error of process_memory_read(). *ret_position is set on success only, and to be cleared by python_position_clear().
 */
int python_frame_read(pid_t pid, uint64_t state, const PythonOffsets *offsets, PythonPosition *ret_position);
