/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A table of offsets as CPython 3.14.8 and 3.15.0 have it, as far as it is used. */

#include <stdint.h>
#include <string.h>

#include "lib/python-offsets.h"

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

static inline void table_fill(uint64_t *words, unsigned minor, unsigned level) {
        const uint64_t debugger[] = { 24, 304, TABLE_REMOTE_DEBUG, 0, 4, 512 };

        memset(words, 0, PYTHON_OFFSETS_WORDS * sizeof(*words));
        memcpy(&words[0], "xdebugpy", 8);
        words[1] = 3u << 24 | minor << 16 | 8u << 8 | level << 4;
        words[3] = 316616;
        words[5] = TABLE_INTERPRETERS_HEAD;
        words[6] = 225864;
        words[7] = TABLE_INTERPRETER_ID;
        words[8] = TABLE_INTERPRETER_NEXT;
        words[9] = TABLE_THREADS_HEAD;
        words[10] = TABLE_THREADS_MAIN;
        words[22] = TABLE_THREAD_SIZE;
        words[24] = TABLE_THREAD_NEXT;
        words[25] = TABLE_THREAD_INTERPRETER;
        words[minor == 14 ? 28 : 31] = TABLE_THREAD_NATIVE_ID;
        memcpy(&words[minor == 14 ? 89 : 105], debugger, sizeof(debugger));
}
