/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Strings of a Python process (PEP 393), which may be hostile. */

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/python-offsets.h"

/*
 * Read the string at an address, as far as that is worth showing: printable() is what it is made, with at most max characters and as many bytes.
 * offsets: with frames. *ret_text is owned by the caller. Returns 0, -EBADMSG when that is no string (or one of a subclass of str), or an
 * error of process_memory_read().
 */
int python_string_read(pid_t pid, uint64_t address, const PythonOffsets *offsets, size_t max, char **ret_text);
