/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A process's memory that a test makes up: a test program with --wrap=process_memory_read that is linked with made-up-memory.c
 * reads it from there.
 */

#include <stddef.h>
#include <stdint.h>

#include "lib/python-offsets.h"

/* There is memory from here on; it is zeroed. */
#define MADE_UP_BASE UINT64_C(0x10000)
#define MADE_UP_SIZE 65536

/* Forget everything. */
void made_up_clear(void);

void made_up_bytes(uint64_t address, const void *bytes, size_t size);
void made_up_word(uint64_t address, uint64_t word);
void made_up_int(uint64_t address, int32_t number);

/* A string as CPython has it. width: 1, 2 or 4 bytes for a character; ascii: in the short form. free_threaded: as builds without a global lock. */
void made_up_string(
        uint64_t address, const void *characters, size_t length, unsigned width, int ascii, int free_threaded);

/* The table of tests/unit/python-table.h. */
PythonOffsets made_up_offsets(unsigned minor, int free_threaded);

/* Called before each read, with their number so far; NULL: nothing is. */
extern void (*made_up_before_read)(unsigned count);
