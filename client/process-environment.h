/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a process was started with, as /proc has it. A process may have changed what is there. */

#include <stdbool.h>
#include <sys/types.h>

/* A variable of the environment that the process began with; NULL: not there, or not to be read. Owned by the caller. */
char *process_environment_get(pid_t pid, const char *name);

/* Whether its command line gives Python the option `-X value`. */
bool process_environment_has_x_option(pid_t pid, const char *value);
