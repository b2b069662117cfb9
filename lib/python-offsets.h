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
#include <string.h>
#include <sys/types.h>

/* Words up to the last that is used, of the longest table known (3.15). */
#define PYTHON_OFFSETS_WORDS 111

/* No thread state of a table that is accepted is larger, in bytes. CPython 3.14 and 3.15 have less than 1000. */
#define PYTHON_OFFSETS_THREAD_MAX 8192

/* The same for frames (88 there), code objects (216) and what is in front of a string's characters (64). */
#define PYTHON_OFFSETS_FRAME_MAX 512
#define PYTHON_OFFSETS_CODE_MAX 2048
#define PYTHON_OFFSETS_STRING_MAX 256

typedef struct PythonOffsets {
        unsigned major, minor, micro;

        bool debugger; /* the table has what follows (since 3.14) */

        /* In the runtime. */
        uint64_t initialized;       /* an int: 1 once Python has started; followed by finalizing */
        uint64_t finalizing;        /* an address: not 0 once Python ends */
        uint64_t interpreters_head; /* the first interpreter's address */

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

        bool frames;        /* the table has what follows, and it makes sense */
        bool free_threaded; /* built without a global lock */

        uint64_t current_frame; /* in a thread state: the address of the innermost frame */

        /* In a frame. */
        uint64_t frame_size;
        uint64_t frame_previous;
        uint64_t frame_executable;     /* the address of the code object, with tags in its lowest bits */
        uint64_t frame_instruction;    /* the address of the instruction */
        uint64_t frame_owner;          /* a char */
        uint64_t frame_bytecode_index; /* an int32_t: which copy of the bytecode it runs; 0: there is one only */

        /* In a code object. */
        uint64_t code_size;
        uint64_t code_filename;
        uint64_t code_qualname;
        uint64_t code_line_table;
        uint64_t code_first_line; /* an int */
        uint64_t code_bytecode;   /* where it begins */
        uint64_t code_bytecodes;  /* the address of an array of the copies' addresses; 0: there is one only */

        uint64_t object_length; /* in a bytes or code object: of its variable part, in bytes or code units */
        uint64_t bytes_data;    /* in a bytes object */

        /* In a string. */
        uint64_t string_size; /* of the largest form */
        uint64_t string_state;
        uint64_t string_length; /* characters */
        uint64_t string_ascii;  /* where the characters begin, when all are ASCII */
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

/* A word of a structure that was read, at its offset. */
static inline uint64_t python_offsets_word(const unsigned char *bytes, uint64_t offset) {
        uint64_t word;

        memcpy(&word, bytes + offset, sizeof(word));
        return word;
}
