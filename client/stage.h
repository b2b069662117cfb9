/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* How far attaching has come: one line on stderr that grows. "Attaching pdb to target PID 7... granted → queued → connected" */

#include <stdbool.h>
#include <sys/types.h>

typedef struct Stage {
        bool open; /* the line is not complete */
} Stage;

/* Begin the line with what is reached already. */
void stage_begin(Stage *stage, pid_t target, const char *reached);

/* One more is reached. */
void stage_add(Stage *stage, const char *reached);

/* End the line, if there is one, before something else is said. */
void stage_end(Stage *stage);
