/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The exit codes of what runs a command, as env(1), nohup(1) and timeout(1) have them; every other code is the
 * command's own. */

#define EXIT_OWN_FAILURE 125
#define EXIT_NOT_EXECUTABLE 126
#define EXIT_NOT_FOUND 127
