/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "lib/python-interpreter.h"

#include <errno.h>
#include <glib.h>
#include <string.h>

#include "lib/process-memory.h"

/* What no process has. A list that is longer is taken to be cyclic. */
#define INTERPRETERS_MAX 4096u
#define THREADS_MAX 16384u

/* A thread that ends while the list is read may lead astray: the list is read again. */
#define WALKS 5

typedef struct Interpreter {
        pid_t pid;
        uint64_t address;
        const PythonOffsets *offsets;
} Interpreter;

/* What is not there, though something points to it. */
static int read_pointed(pid_t pid, uint64_t address, void *buffer, size_t size) {
        int r;

        r = process_memory_read(pid, address, buffer, size);
        return r == -EFAULT ? -EBADMSG : r;
}

static int read_word(pid_t pid, uint64_t address, uint64_t *ret_word) {
        return read_pointed(pid, address, ret_word, sizeof(*ret_word));
}

int python_interpreter_check_started(pid_t pid, uint64_t runtime, const PythonOffsets *offsets) {
        struct {
                int32_t initialized;
                uint64_t finalizing;
        } state;
        int r;

        G_STATIC_ASSERT(sizeof state == 16);
        r = read_pointed(pid, runtime + offsets->initialized, &state, sizeof(state));
        if (r < 0)
                return r;
        return state.initialized == 1 && state.finalizing == 0 ? 0 : -EAGAIN;
}

/* The last one with that id: a new interpreter is the list's first for a moment before it gets an id of its own (3.14). */
int python_interpreter_main(pid_t pid, uint64_t runtime, const PythonOffsets *offsets, uint64_t *ret_interpreter) {
        uint64_t interpreter, found = 0, id, thread;
        int r;

        r = python_interpreter_check_started(pid, runtime, offsets);
        if (r < 0)
                return r;
        r = read_word(pid, runtime + offsets->interpreters_head, &interpreter);
        if (r == 0 && interpreter == 0)
                return -EAGAIN;
        for (unsigned n = 0; r == 0 && interpreter != 0; n++) {
                if (n == INTERPRETERS_MAX)
                        return -EBADMSG;
                r = read_word(pid, interpreter + offsets->interpreter_id, &id);
                if (r < 0)
                        return r;
                if (id == 0)
                        found = interpreter;
                r = read_word(pid, interpreter + offsets->interpreter_next, &interpreter);
        }
        if (r < 0)
                return r;
        if (found == 0)
                return -EBADMSG;
        r = read_word(pid, found + offsets->threads_head, &thread);
        if (r < 0)
                return r;
        if (thread == 0)
                return -EAGAIN;
        *ret_interpreter = found;
        return 0;
}

/* tid 0: a thread that has not begun to run yet. */
static int read_thread(const Interpreter *interpreter, uint64_t state, PythonThread *ret_thread, uint64_t *ret_next) {
        const PythonOffsets *offsets = interpreter->offsets;
        unsigned char bytes[PYTHON_OFFSETS_THREAD_MAX];
        uint64_t tid;
        int r;

        r = read_pointed(interpreter->pid, state, bytes, offsets->thread_size);
        if (r < 0)
                return r;
        tid = python_offsets_word(bytes, offsets->thread_native_id);
        if (python_offsets_word(bytes, offsets->thread_interpreter) != interpreter->address || tid > INT32_MAX)
                return -EBADMSG;
        *ret_thread = (PythonThread) { .tid = (pid_t) tid, .state = state };
        *ret_next = python_offsets_word(bytes, offsets->thread_next);
        return 0;
}

/* The threads as they are in the list, the newest first. */
static int walk(const Interpreter *interpreter, GArray *threads) {
        uint64_t state;
        int r;

        g_array_set_size(threads, 0);
        r = read_word(interpreter->pid, interpreter->address + interpreter->offsets->threads_head, &state);
        for (unsigned n = 0; r == 0 && state != 0; n++) {
                PythonThread thread;

                if (n == THREADS_MAX)
                        return -EBADMSG;
                r = read_thread(interpreter, state, &thread, &state);
                if (r == 0 && thread.tid != 0)
                        g_array_append_val(threads, thread);
        }
        if (r == 0 && threads->len == 0)
                return -EAGAIN;
        return r;
}

static int list(const Interpreter *interpreter, GArray *threads) {
        int r = -EBADMSG;

        for (int i = 0; r == -EBADMSG && i < WALKS; i++)
                r = walk(interpreter, threads);
        return r;
}

/* To the front with it. */
static void put_first(GArray *threads, guint index) {
        PythonThread first = g_array_index(threads, PythonThread, index);

        g_array_remove_index(threads, index);
        g_array_prepend_val(threads, first);
}

static void put_main_first(GArray *threads, uint64_t state) {
        for (guint i = 0; i < threads->len; i++)
                if (g_array_index(threads, PythonThread, i).state == state) {
                        put_first(threads, i);
                        return;
                }
        put_first(threads, threads->len - 1);
}

int python_interpreter_threads(
        pid_t pid, uint64_t address, const PythonOffsets *offsets, PythonThread *threads, size_t max) {
        const Interpreter interpreter = { .pid = pid, .address = address, .offsets = offsets };
        g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(PythonThread));
        uint64_t main_state;
        int r;

        r = list(&interpreter, all);
        if (r < 0)
                return r;
        r = read_word(pid, address + offsets->threads_main, &main_state);
        if (r < 0)
                return r;
        put_main_first(all, main_state);
        max = MIN(max, all->len);
        memcpy(threads, all->data, max * sizeof(*threads));
        return (int) max;
}

int python_interpreter_main_thread(
        pid_t pid, uint64_t address, const PythonOffsets *offsets, PythonThread *ret_thread) {
        const Interpreter interpreter = { .pid = pid, .address = address, .offsets = offsets };
        PythonThread thread = { 0 };
        uint64_t state, next;
        int r;

        r = read_word(pid, address + offsets->threads_main, &state);
        if (r < 0)
                return r;
        if (state != 0 && read_thread(&interpreter, state, &thread, &next) == 0 && thread.tid != 0) {
                *ret_thread = thread;
                return 0;
        }
        r = python_interpreter_threads(pid, address, offsets, &thread, 1);
        if (r < 0)
                return r;
        *ret_thread = thread;
        return 0;
}

int python_interpreter_check_thread(
        pid_t pid, uint64_t address, const PythonOffsets *offsets, const PythonThread *thread) {
        const Interpreter interpreter = { .pid = pid, .address = address, .offsets = offsets };
        g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(PythonThread));
        int r;

        r = list(&interpreter, all);
        if (r < 0)
                return r == -EAGAIN ? -ESRCH : r;
        for (guint i = 0; i < all->len; i++) {
                const PythonThread *other = &g_array_index(all, PythonThread, i);

                if (other->state == thread->state && other->tid == thread->tid)
                        return 0;
        }
        return -ESRCH;
}
