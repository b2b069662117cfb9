/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The exit codes of helicopter-client beside 0 and 1, and those of helicopter/exit-code.h for `run`. */

#define EXIT_USAGE 2

/* `status`, as systemctl(1) and LSB's init scripts have them. */
#define EXIT_NOT_RUNNING 3
#define EXIT_UNKNOWN_JOB 4
