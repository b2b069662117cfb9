/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * From a thread's registers and the top of its stack to the functions that it is in. Nothing is read of the thread itself;
 * the program code's unwind tables are those of the files that are mapped into its process.
 */

#include <stdio.h>

#include "lib/wake-snapshot.h"

/*
 * Print the frames, the innermost first, a line each: module's path, TAB, the dynamic symbol by which the C library was entered,
 * of the frame that it is, TAB,
 * "python" when the module holds CPython, "libffi" instead when the call that the frame is in is libffi's. Up to the first that is neither the C library's nor OpenSSL's; or up to where it is
 * not certain. Returns 0, or a negative errno when nothing could be said.
 */
int unwind_print(const WakeSnapshot *snapshot, FILE *output);
