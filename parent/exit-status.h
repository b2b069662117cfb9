/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Exit statuses: those of the parent itself, which are those of env(1) and timeout(1), and the job's, passed on. */

#define EXIT_OWN_FAILURE 125
#define EXIT_NOT_EXECUTABLE 126
#define EXIT_NOT_FOUND 127

/*
 * End this process as the job ended: with its exit code, or, when signal is not 0, by the same signal, and without a core dump of its own. Does not
 * return.
 */
__attribute__((noreturn)) void exit_as(int code, int signal);
