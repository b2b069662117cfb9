/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The table that CPython begins _PyRuntime with since 3.13, for tools that look at it from outside: where the fields
 * are that such a tool needs (PEP 768; Include/internal/pycore_debug_offsets.h). The values differ from one build to
 * the next, the places of the words from one minor version to the next.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Words up to the last that is used, of the longest table known (3.15). */
#define PYTHON_OFFSETS_WORDS 111

/* No thread state of a table that is accepted is larger, in bytes. CPython 3.14 and 3.15 have less than 1000. */
#define PYTHON_OFFSETS_THREAD_MAX 8192

typedef struct PythonOffsets {
        unsigned major, minor, micro;

        bool debugger; /* the table has what follows (since 3.14) */

        uint64_t interpreters_head; /* in the runtime: the first interpreter's address */

        /* In an interpreter. */
        uint64_t interpreter_id; /* 64 bits; 0: the main one */
        uint64_t interpreter_next;
        uint64_t threads_head; /* the newest thread state */
        uint64_t threads_main;
        uint64_t remote_debugging_enabled; /* an int: 1 */

        uint64_t thread_size; /* bytes, of a thread state */

        /* In a thread state. */
        uint64_t thread_next;
        uint64_t thread_interpreter;
        uint64_t thread_native_id; /* unsigned long: what gettid() returned */
        uint64_t eval_breaker;
        uint64_t remote_debugger_support;

        /* In a thread state's remote debugger support. */
        uint64_t debugger_pending_call; /* an int */
        uint64_t debugger_script_path;
        uint64_t debugger_script_path_size; /* bytes, the NUL with them */
} PythonOffsets;

/*
 * Make sense of the table's words, of which there are PYTHON_OFFSETS_WORDS. Returns 0, or
 *   -ENODATA    it is no such table
 *   -EOPNOTSUPP it is of a version whose table is not known; the version is set
 *   -EBADMSG    what it says cannot be
 */
int python_offsets_parse(const uint64_t *words, PythonOffsets *ret_offsets);

/* The same for the table at an address of a process; or an error of process_memory_read(). */
int python_offsets_read(pid_t pid, uint64_t address, PythonOffsets *ret_offsets);
