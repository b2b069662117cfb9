/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A process looked at as a Python: which version, and whether it lets a debugger in. Read only. The process may be
 * hostile: everything read from it is checked, in bounded time and memory.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct PythonRuntime {
        uint64_t address; /* of _PyRuntime in the process */
        unsigned major, minor, micro;
        bool remote_debug; /* it was built and started with remote debugging (always false before 3.14) */
} PythonRuntime;

/*
 * Find the Python in a process. The caller must be allowed to ptrace it.
 * Returns 0, or
 *   -ENOPKG      it is not a Python (neither its executable nor a libpython that it has loaded is one), or not one of this
 *                CPU's native kind
 *   -ENODATA     it is a Python too old to say its version (before 3.13); *ret_runtime's major and minor may be set from
 *                its file's name, else 0
 *   -EOPNOTSUPP  it is a Python whose tables are not known (of a later minor version, or an alpha or beta version)
 *   -EAGAIN      its interpreter is not set up far enough to tell, or is gone again: it is just starting or ending
 *   -ESTALE      it has a libpython that was replaced or removed on disk
 *   -EBADMSG     what it says of itself contradicts itself
 *   -ESRCH       it is gone
 * or another negative errno. *ret_runtime is set on success, on -ENODATA and on -EOPNOTSUPP only. A process that calls exec
 * meanwhile may give any of these answers.
 */
int python_runtime_find(pid_t pid, PythonRuntime *ret_runtime);
