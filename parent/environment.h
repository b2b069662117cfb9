/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The environment that a job is to have, where it is not the parent's own. */

#include <glib.h>
#include <stdbool.h>

/*
 * Read it from standard input, a file of what the job is started with (helicopter/job-start.h), and add what the service
 * manager tells each process of a unit. It is read from its beginning wherever others, the first parent of a unit that is
 * started again, have left off; *ret_first: nobody has read it before. Standard input is empty afterwards. Returns 0, the
 * environment (g_strfreev()) and the whole text, both owned by the caller, or a negative errno.
 */
int environment_from_stdin(char ***ret_environment, GBytes **ret_text, bool *ret_first);

/* The parent's own, with NAME=VALUE strings added; NULL for none. Owned by the caller. */
char **environment_with(char **variables);
