/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The input is the process's memory. */

#include <errno.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "lib/process-memory.h"
#include "lib/python-interpreter.h"
#include "tests/fuzz/seed.h"

#define BASE 0x1000
#define THREADS 8

/* A small Python: every offset leaves room for what it needs only. */
static const PythonOffsets offsets = {
        .major = 3,
        .minor = 14,
        .debugger = true,
        .initialized = 144,
        .finalizing = 152,
        .interpreters_head = 0,
        .interpreter_id = 0,
        .interpreter_next = 8,
        .threads_head = 16,
        .threads_main = 24,
        .thread_size = 24,
        .thread_next = 0,
        .thread_interpreter = 8,
        .thread_native_id = 16,
};

static const uint8_t *memory;
static size_t memory_size;

int __wrap_process_memory_read(pid_t pid, uint64_t address, void *buffer, size_t size);
int __wrap_process_memory_read(pid_t pid, uint64_t address, void *buffer, size_t size) {
        if (address < BASE || size > memory_size || address - BASE > memory_size - size)
                return -EFAULT;
        memcpy(buffer, memory + (address - BASE), size);
        return 0;
}

/* The runtime; two interpreters, the second one the main one; three threads. */
size_t seed(uint8_t *buffer) {
        const uint64_t words[] = { BASE + 8, 5, BASE + 40, 0, 0, 0, 0, BASE + 72, BASE + 96, BASE + 96, BASE + 40, 101,
                BASE + 120, BASE + 40, 102, 0, BASE + 40, 103, 1, 0 };

        memcpy(buffer, words, sizeof(words));
        return sizeof(words);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        PythonThread threads[THREADS];
        uint64_t interpreter;
        int n;

        memory = data;
        memory_size = size;
        if (python_interpreter_main(1, BASE, &offsets, &interpreter) < 0)
                return 0;
        n = python_interpreter_threads(1, interpreter, &offsets, threads, THREADS);
        if (n == 0 || n > THREADS)
                abort();
        for (int i = 0; i < n; i++)
                if (threads[i].tid <= 0 || python_interpreter_check_thread(1, interpreter, &offsets, &threads[i]) != 0)
                        abort();
        return 0;
}
