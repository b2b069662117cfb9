/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The exit codes of helicopter-client beside 0 and 1. */

#define EXIT_USAGE 2

/* `status`, as systemctl(1) and LSB's init scripts have them. */
#define EXIT_NOT_RUNNING 3
#define EXIT_UNKNOWN_JOB 4

/* `run`, as env(1), nohup(1) and timeout(1) have them: everything else is the job's own code. */
#define EXIT_OWN_FAILURE 125
#define EXIT_CANNOT_EXECUTE 126
#define EXIT_NOT_FOUND 127
