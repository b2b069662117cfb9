/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Closing what takes the kernel long to close. An inotify instance does: it waits for all that may still look at its
 * watches, 8 to 20 ms (inotify_release(), Linux 6.18).
 */

/* Close a descriptor in a thread of its own, or here where there is none to be had, and set it to -1; -1 is fine. */
void close_aside(int *fd);
