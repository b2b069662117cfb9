/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Having a thread of another Python run a script: PEP 768, the remote debugging attachment protocol of CPython 3.14 and
 * later ("Remote debugging attachment protocol" of its documentation). A request is a path, a pending flag and a bit of
 * the eval breaker, in the thread's state. There is one per thread; nobody is told when it has been carried out.
 *
 * The process is only written to; what it says of itself is checked, in bounded time and memory, since it may be hostile.
 * The caller must be allowed to ptrace it.
 */

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "helicopter/python-runtime.h"

/* Longer than the path of any request: the field has 512 bytes in 3.14 and 3.15, the NUL with them. */
#define REMOTE_EXEC_PATH_MAX 512

/* A Python process, and where in it what is needed lies. Only good until the process calls exec. */
typedef struct RemoteExec RemoteExec;

typedef struct PythonThread {
        pid_t tid;      /* as the kernel has it, in the process's own pid namespace */
        uint64_t state; /* the address of its PyThreadState */
} PythonThread;

/*
 * Look at a process. Returns 0, or an error of python_runtime_find(), or
 *   -ENODATA    it is a Python before 3.14 as well
 *   -EACCES     remote debugging is switched off in it
 * *ret_runtime (may be NULL) is set as python_runtime_find() does, and on -EACCES; *ret_remote on success only, to be freed with
 * remote_exec_free().
 */
int remote_exec_open(pid_t pid, RemoteExec **ret_remote, PythonRuntime *ret_runtime);

/* NULL is fine. Returns NULL. */
RemoteExec *remote_exec_free(RemoteExec *remote);

/*
 * The threads of the main interpreter, the main thread first, at most max of them (the rest is left out). The list
 * changes while it is read: a thread may be missing or gone. Returns their number (at least 1), or -EBADMSG, -ESRCH or another
 * negative errno.
 */
int remote_exec_threads(const RemoteExec *remote, PythonThread *threads, size_t max);

/*
 * Queue a request. path: of a file that the process itself can read. The bit of the eval breaker is set atomically, by
 * an injected system call, which takes at most timeout microseconds; where none can be injected, as CPython does it
 * itself: read, changed, written. Conditions are those of injection_call(). Returns 0, or
 *   -EBUSY         a script is pending in that thread already
 *   -ENAMETOOLONG  the path
 *   -ESRCH         the process or that thread has ended
 * or another negative errno; nothing is pending then.
 */
int remote_exec_queue(const RemoteExec *remote, const PythonThread *thread, const char *path, uint64_t timeout);

/* Whether a script is pending in the thread: 1, 0, or a negative errno. */
int remote_exec_is_pending(const RemoteExec *remote, const PythonThread *thread);

/*
 * Take a request back. path: only if it is this one. Returns 1 when it was pending, and will not be carried out; 0 when it was not
 * (any more), or is another one; or a negative errno.
 */
int remote_exec_withdraw(const RemoteExec *remote, const PythonThread *thread, const char *path);
