/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The limit of open files. Each job takes some of the daemon's, so it raises its soft limit, which is low for the sake
 * of programs that use select(2). A job may be such a program: it gets the limit back that the daemon was started with.
 */

#include <stdbool.h>

void file_limit_raise(void);

/* Whether a descriptor's number is in the last quarter of what there is: what can be done without should be. */
bool file_limit_is_near(int fd);

/* Async-signal-safe. */
void file_limit_restore(void);
