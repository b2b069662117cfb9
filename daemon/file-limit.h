/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The limit of open files. Each job takes some of the daemon's, so it raises its soft limit, which is low for the sake
 * of programs that use select(2). A job may be such a program: it gets the limit back that the daemon was started with.
 */

void file_limit_raise(void);

/* Async-signal-safe. */
void file_limit_restore(void);
