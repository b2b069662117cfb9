/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The environment that a job is to have, where it is not the parent's own. */

/*
 * Read it from standard input, a file of NUL-terminated NAME=VALUE strings, and add what the service manager tells each
 * process of a unit. It is read from its beginning wherever others, the first parent of a unit that is started again,
 * have left off. Standard input is empty afterwards. Returns 0 and the environment, owned by the caller (g_strfreev()),
 * or a negative errno.
 */
int environment_from_stdin(char ***ret_environment);

/* The parent's own, with NAME=VALUE strings added; NULL for none. Owned by the caller. */
char **environment_with(char **variables);
