/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* co_linetable of a CPython code object: which line each instruction is of (InternalDocs/code_objects.md; 3.11 to 3.15). */

#include <stddef.h>
#include <stdint.h>

/*
 * The line of an instruction. first_line: co_firstlineno. unit: the instruction's place in the bytecode, in code units (2 bytes each).
 * The table may be made up. Returns 0, or
 *   -ENODATA  the instruction is of no line
 *   -EBADMSG  it is no such table, or does not reach that far
 */
int python_line_table_find(const uint8_t *table, size_t size, int first_line, uint64_t unit, int *ret_line);
