/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a job is started with (helicopter/job-start.h), in a sealed memory file that becomes the standard input of its
 * helicopter-parent. A unit's Environment= cannot carry every variable (exported shell functions have names that it
 * refuses, values may be other than UTF-8), cannot take one away that the service manager has, and is shown to whoever
 * asks. The service manager keeps the descriptor for as long as the unit may be started again (seen with systemd 252
 * and 262), so a restart has it too; nothing is on disk, and the service manager lets go of it with the unit.
 */

#include <glib.h>

/* Returns a descriptor of the text, owned by the caller, which stands at its beginning until a parent has read it, or a negative errno. */
int start_memory_new(GBytes *text);
