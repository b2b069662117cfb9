/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What CPython does with a request, when it looks at its eval breaker (_PyRunRemoteDebugger() of 3.14 and 3.15): if the flag is 1
 * it is set to 0, then the path is copied, then the file of that name is run, unless the path is empty.
 */

#include "helicopter/remote-exec.h"

#include <endian.h>
#include <errno.h>
#include <glib.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/syscall.h>

#include "helicopter/injection.h"
#include "lib/process-memory.h"
#include "lib/python-interpreter.h"
#include "lib/python-offsets.h"

/* _PY_EVAL_PLEASE_STOP_BIT */
#define STOP_BIT (1u << 5)

#define PLAIN_TRIES 3

#if BYTE_ORDER == LITTLE_ENDIAN
#define LOW_WORD 0
#define LOW_BYTE 0
#else
#define LOW_WORD 4
#define LOW_BYTE 7
#endif

struct RemoteExec {
        pid_t pid;
        uint64_t runtime; /* the address of _PyRuntime */
        uint64_t interpreter;
        PythonOffsets offsets;
};

/* Where the words of a request are. */
static uint64_t flag_address(const RemoteExec *remote, const PythonThread *thread) {
        return thread->state + remote->offsets.remote_debugger_support + remote->offsets.debugger_pending_call;
}

static uint64_t path_address(const RemoteExec *remote, const PythonThread *thread) {
        return thread->state + remote->offsets.remote_debugger_support + remote->offsets.debugger_script_path;
}

static uint64_t breaker_address(const RemoteExec *remote, const PythonThread *thread) {
        return thread->state + remote->offsets.eval_breaker;
}

static int look(pid_t pid, RemoteExec *remote, PythonRuntime *runtime) {
        int r;

        r = python_runtime_find(pid, runtime);
        if (r < 0)
                return r;
        remote->runtime = runtime->address;
        r = python_offsets_read(pid, runtime->address, &remote->offsets);
        if (r < 0)
                return r == -EFAULT ? -EBADMSG : r;
        if (!remote->offsets.debugger)
                return -ENODATA;
        if (!runtime->remote_debug)
                return -EACCES;
        return python_interpreter_main(pid, runtime->address, &remote->offsets, &remote->interpreter);
}

int remote_exec_open(pid_t pid, RemoteExec **ret_remote, PythonRuntime *ret_runtime) {
        g_autofree RemoteExec *remote = g_new0(RemoteExec, 1);
        PythonRuntime runtime = { 0 };
        int r;

        remote->pid = pid;
        r = look(pid, remote, &runtime);
        if (ret_runtime && (r == 0 || r == -ENODATA || r == -EOPNOTSUPP || r == -EACCES))
                *ret_runtime = runtime;
        if (r == 0)
                *ret_remote = g_steal_pointer(&remote);
        return r;
}

RemoteExec *remote_exec_free(RemoteExec *remote) {
        g_free(remote);
        return NULL;
}

int remote_exec_threads(const RemoteExec *remote, PythonThread *threads, size_t max) {
        return python_interpreter_threads(remote->pid, remote->interpreter, &remote->offsets, threads, max);
}

/*
 * The memory of a thread that has ended belongs to somebody else. It is looked at just before it is written to; the
 * microseconds in between are CPython's own gap, too. The main thread's state stays as long as the interpreter.
 */
static int check_thread(const RemoteExec *remote, const PythonThread *thread) {
        int r;

        /* It may have executed itself again, and have everything where it was before, but nothing ready. */
        r = python_interpreter_check_started(remote->pid, remote->runtime, &remote->offsets);
        if (r < 0)
                return r;
        return python_interpreter_check_thread(remote->pid, remote->interpreter, &remote->offsets, thread);
}

static int read_flag(const RemoteExec *remote, const PythonThread *thread) {
        int32_t flag;
        int r;

        r = process_memory_read(remote->pid, flag_address(remote, thread), &flag, sizeof(flag));
        if (r < 0)
                return r;
        return flag == 0 || flag == 1 ? flag : -EBADMSG;
}

static int write_flag(const RemoteExec *remote, const PythonThread *thread, int32_t flag) {
        return process_memory_write(remote->pid, flag_address(remote, thread), &flag, sizeof(flag));
}

int remote_exec_is_pending(const RemoteExec *remote, const PythonThread *thread) {
        int r;

        r = check_thread(remote, thread);
        return r < 0 ? r : read_flag(remote, thread);
}

static int check_path(const RemoteExec *remote, const char *path) {
        size_t size = strlen(path) + 1;

        if (size == 1)
                return -EINVAL;
        return size > remote->offsets.debugger_script_path_size || size > REMOTE_EXEC_PATH_MAX ? -ENAMETOOLONG : 0;
}

/* Whether the path that is stored is this one: 1 or 0. */
static int is_path(const RemoteExec *remote, const PythonThread *thread, const char *path) {
        char stored[REMOTE_EXEC_PATH_MAX];
        size_t size = strlen(path) + 1;
        int r;

        r = process_memory_read(remote->pid, path_address(remote, thread), stored, size);
        if (r < 0)
                return r;
        return memcmp(stored, path, size) == 0;
}

/*
 * Once the path is empty, a flag that is still set means that the request will not be carried out: an empty path is not
 * run. When it is not set any more, the request may have been taken before.
 */
static int withdraw(const RemoteExec *remote, const PythonThread *thread, const char *path) {
        int r;

        r = read_flag(remote, thread);
        if (r <= 0)
                return r;
        r = is_path(remote, thread, path);
        if (r <= 0)
                return r;
        r = process_memory_write(remote->pid, path_address(remote, thread), "", 1);
        if (r < 0)
                return r;
        r = read_flag(remote, thread);
        if (r <= 0)
                return r;
        r = write_flag(remote, thread, 0);
        return r < 0 ? r : 1;
}

int remote_exec_withdraw(const RemoteExec *remote, const PythonThread *thread, const char *path) {
        int r;

        r = check_path(remote, path);
        if (r < 0)
                return 0;
        r = check_thread(remote, thread);
        return r < 0 ? r : withdraw(remote, thread, path);
}

static int write_path(const RemoteExec *remote, const PythonThread *thread, const char *path) {
        return process_memory_write(remote->pid, path_address(remote, thread), path, strlen(path) + 1);
}

/*
 * The only atomic operation on memory that is a system call. It also wakes who waits for that word, and nobody does. The
 * comparison decides about waking only.
 */
static int set_stop_bit_atomically(const RemoteExec *remote, uint64_t address, uint64_t timeout) {
        Syscall call = {
                .number = SYS_futex,
                .arguments = { address, FUTEX_WAKE_OP | FUTEX_PRIVATE_FLAG, 0, 0, address,
                        (unsigned) FUTEX_OP(FUTEX_OP_OR, (int) STOP_BIT, FUTEX_OP_CMP_EQ, 0) },
        };
        long result = 0;
        int r;

        r = injection_call(remote->pid, &call, timeout, &result);
        if (r < 0)
                return r;
        return result < 0 ? (int) result : 0;
}

/* Only the byte with the bits is written; the others are a number that must not go back. 1: the bit was there. */
static int add_stop_bit(const RemoteExec *remote, uint64_t address) {
        uint8_t bits;
        int r;

        r = process_memory_read(remote->pid, address, &bits, sizeof(bits));
        if (r < 0)
                return r;
        if (bits & STOP_BIT)
                return 1;
        bits |= STOP_BIT;
        return process_memory_write(remote->pid, address, &bits, sizeof(bits));
}

/*
 * As CPython itself does it (sys.remote_exec()): a bit that the process changes in between is lost. So may ours be, to another
 * tool that does the same at that moment; it is looked at again.
 */
static int set_stop_bit_plainly(const RemoteExec *remote, const PythonThread *thread, uint64_t address) {
        for (int i = 0; i < PLAIN_TRIES; i++) {
                int r;

                r = add_stop_bit(remote, address);
                if (r != 0)
                        return MIN(r, 0);
                if (read_flag(remote, thread) != 1)
                        return 0; /* carried out already */
        }
        return 0;
}

static int set_stop_bit(const RemoteExec *remote, const PythonThread *thread, uint64_t timeout) {
        uint64_t breaker = breaker_address(remote, thread);
        int r;

        r = set_stop_bit_atomically(remote, breaker + LOW_WORD, timeout);
        return r < 0 ? set_stop_bit_plainly(remote, thread, breaker + LOW_BYTE) : 0;
}

int remote_exec_queue(const RemoteExec *remote, const PythonThread *thread, const char *path, uint64_t timeout) {
        int r;

        r = check_path(remote, path);
        if (r < 0)
                return r;
        r = remote_exec_is_pending(remote, thread);
        if (r != 0)
                return r < 0 ? r : -EBUSY;
        r = write_path(remote, thread, path);
        if (r < 0)
                return r;
        r = write_flag(remote, thread, 1);
        if (r < 0)
                return r;
        r = set_stop_bit(remote, thread, timeout);
        /* Not pending any more: the thread has looked without being asked to. */
        if (r < 0 && withdraw(remote, thread, path) == 0)
                return 0;
        return r;
}
