/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A table of offsets as CPython 3.14.8 and 3.15.0 have it, as far as it is used. */

#include <stdint.h>
#include <string.h>

#include "lib/python-offsets.h"

#define TABLE_INTERPRETERS_HEAD 808
#define TABLE_THREADS_HEAD 7344
#define TABLE_REMOTE_DEBUG 8076

static inline void table_fill(uint64_t *words, unsigned minor, unsigned level) {
        const uint64_t debugger[] = { 24, 304, TABLE_REMOTE_DEBUG, 0, 4, 512 };

        memset(words, 0, PYTHON_OFFSETS_WORDS * sizeof(*words));
        memcpy(&words[0], "xdebugpy", 8);
        words[1] = 3u << 24 | minor << 16 | 8u << 8 | level << 4;
        words[3] = 316616;
        words[5] = TABLE_INTERPRETERS_HEAD;
        words[6] = 225864;
        words[8] = 7272;
        words[9] = TABLE_THREADS_HEAD;
        words[10] = 7352;
        memcpy(&words[minor == 14 ? 89 : 105], debugger, sizeof(debugger));
}
