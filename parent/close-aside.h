/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Closing what takes the kernel long to close. An inotify instance does: it waits for all that may still look at its
 * watches, 8 to 20 ms (inotify_release(), Linux 6.18).
 */

/* How many may be under way. */
#define CLOSE_ASIDE_MAX 8

/*
 * Close a descriptor in a thread of its own, and set it to -1; -1 is fine. Where no thread is to be had, or as many as may be are under
 * way, it is closed here, which is only slower.
 */
void close_aside(int *fd);
