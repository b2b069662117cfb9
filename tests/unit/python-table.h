/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A table of offsets as CPython 3.14.8 and 3.15.0 have it, as far as it is used. */

#include <stdint.h>
#include <string.h>

#include "lib/python-offsets.h"

#define TABLE_INITIALIZED 776
#define TABLE_FINALIZING 784
#define TABLE_INTERPRETERS_HEAD 808
#define TABLE_THREADS_HEAD 7344
#define TABLE_THREADS_MAIN 7360
#define TABLE_INTERPRETER_ID 7280
#define TABLE_INTERPRETER_NEXT 7272
#define TABLE_REMOTE_DEBUG 8076
#define TABLE_THREAD_SIZE 832
#define TABLE_THREAD_NEXT 8
#define TABLE_THREAD_INTERPRETER 16
#define TABLE_THREAD_NATIVE_ID 160
#define TABLE_CURRENT_FRAME 72

/* In frames, code objects, bytes objects and strings. */
#define TABLE_FRAME_PREVIOUS 8
#define TABLE_FRAME_EXECUTABLE 0
#define TABLE_FRAME_INSTRUCTION 56
#define TABLE_FRAME_OWNER 74
#define TABLE_CODE_FILENAME 112
#define TABLE_CODE_QUALNAME 128
#define TABLE_CODE_LINE_TABLE 136
#define TABLE_CODE_FIRST_LINE 68
#define TABLE_CODE_BYTECODE 208
#define TABLE_LENGTH 16
#define TABLE_BYTES_DATA 32
#define TABLE_STRING_STATE 32
#define TABLE_STRING_ASCII 40
#define TABLE_STRING_SIZE 64

/* As builds without a global lock have them. */
#define TABLE_FREE_FRAME_INDEX 72
#define TABLE_FREE_CODE_COPIES 200

static inline void table_fill(uint64_t *words, unsigned minor, unsigned level) {
        const uint64_t frame[] = { 88, TABLE_FRAME_PREVIOUS, TABLE_FRAME_EXECUTABLE, TABLE_FRAME_INSTRUCTION, 80,
                TABLE_FRAME_OWNER, 64, 0 };
        const uint64_t code[] = { 216, TABLE_CODE_FILENAME, 120, TABLE_CODE_QUALNAME, TABLE_CODE_LINE_TABLE,
                TABLE_CODE_FIRST_LINE, 52, 96, 104, TABLE_CODE_BYTECODE, 0 };
        const uint64_t bytes[] = { 40, TABLE_LENGTH, TABLE_BYTES_DATA };
        const uint64_t string[] = { TABLE_STRING_SIZE, TABLE_STRING_STATE, TABLE_LENGTH, TABLE_STRING_ASCII };
        const uint64_t debugger[] = { 24, 304, TABLE_REMOTE_DEBUG, 0, 4, 512 };

        memset(words, 0, PYTHON_OFFSETS_WORDS * sizeof(*words));
        memcpy(&words[0], "xdebugpy", 8);
        words[1] = 3u << 24 | minor << 16 | 8u << 8 | level << 4;
        words[3] = 316616;
        words[4] = TABLE_FINALIZING;
        words[5] = TABLE_INTERPRETERS_HEAD;
        words[6] = 225864;
        words[7] = TABLE_INTERPRETER_ID;
        words[8] = TABLE_INTERPRETER_NEXT;
        words[9] = TABLE_THREADS_HEAD;
        words[10] = TABLE_THREADS_MAIN;
        words[22] = TABLE_THREAD_SIZE;
        words[24] = TABLE_THREAD_NEXT;
        words[25] = TABLE_THREAD_INTERPRETER;
        words[26] = TABLE_CURRENT_FRAME;
        words[minor == 14 ? 28 : 31] = TABLE_THREAD_NATIVE_ID;
        memcpy(&words[minor == 14 ? 31 : 39], frame, sizeof(frame));
        memcpy(&words[minor == 14 ? 39 : 47], code, sizeof(code));
        memcpy(&words[minor == 14 ? 74 : 86], bytes, sizeof(bytes));
        memcpy(&words[minor == 14 ? 77 : 89], string, sizeof(string));
        memcpy(&words[minor == 14 ? 89 : 105], debugger, sizeof(debugger));
}
