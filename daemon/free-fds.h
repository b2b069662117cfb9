/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Which descriptors have come in, told by the numbers that were free before: the kernel always takes the lowest. Between
 * the two functions nothing else may open any.
 */

#include <glib.h>

typedef struct FreeFds {
        int numbers[512]; /* the lowest that were free */
        size_t n;
} FreeFds;

/* Note the numbers that are free. When none can be found out, none is noted. */
void free_fds_find(FreeFds *fds);

/* Append those of them that are open by now to numbers (int). */
void free_fds_taken(const FreeFds *fds, GArray *numbers);
