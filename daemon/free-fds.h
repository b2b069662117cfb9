/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Which descriptors have come in, told by the numbers that were free before: the kernel always takes the lowest. Between
 * the two functions nothing else may open any.
 */

#include <glib.h>

typedef struct FreeFds {
        int numbers[448]; /* the lowest that were free; some less than are looked at in one go, for some are not */
        size_t n;
} FreeFds;

/* The lowest number that is free, negative where there is none. When descriptors come in crowds, that is about how many
 * there are. fd: any that is open. */
int free_fds_lowest(int fd);

/* Note the numbers that are free. When none can be found out, none is noted. fd: any that is open. */
void free_fds_find(FreeFds *fds, int fd);

/* Append those of them that are open by now to numbers (int). fd: any that is open. */
void free_fds_taken(const FreeFds *fds, int fd, GArray *numbers);
