/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * From a thread's registers and the top of its stack to the functions that it is in. Nothing is read of the thread itself;
 * the program code's unwind tables are those of the files that are mapped into its process.
 */

#include <stdio.h>

#include "lib/wake-snapshot.h"

/*
 * Print the frames, the innermost first, a line each: module's path, TAB, a dynamic symbol, TAB, a mark. Up to the first that is neither
 * the C library's nor OpenSSL's; or up to where it is not certain. The symbol is that of the outermost of the C library's frames, by which
 * it was entered; in other lines it is empty. The mark is "libffi" when the call that the frame is in is libffi's, else "python" when
 * the module holds CPython, else empty. Returns 0, or a negative errno when nothing could be said.
 */
int unwind_print(const WakeSnapshot *snapshot, FILE *output);
