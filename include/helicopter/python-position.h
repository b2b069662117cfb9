/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Where a Python process is: the line that its main thread executes. The process is neither stopped nor written to, so it may as well be
 * blocked, stopped or traced by somebody else; it may be hostile.
 */

#include <glib.h>
#include <sys/types.h>

typedef struct PythonPosition {
        char *file;     /* co_filename, printable */
        char *function; /* co_qualname, printable; "<module>" outside of functions */
        int line;       /* 0: of none */
} PythonPosition;

void python_position_clear(PythonPosition *position);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PythonPosition, python_position_clear)

/*
 * Find it: that of the innermost Python frame, so in a call of C code (a sleep, say) it is the line that calls. The caller must be allowed
 * to ptrace the process. It is what was true at one moment while it was read. Returns 0, or an error of python_runtime_find(), or
 *   -ENODATA     it is a Python before 3.14 as well, or its main thread runs no Python
 *   -EOPNOTSUPP  its tables have nothing to find frames by
 *   -EAGAIN      it has changed too quickly
 * *ret_position is set on success only, and to be cleared by the caller.
 */
int python_position_find(pid_t pid, PythonPosition *ret_position);
