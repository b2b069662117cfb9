/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Completion at the prompt: the same as the shells', and files, which shells complete themselves. */

/* What the last word of a line may become; the line ends where the cursor is. NULL-terminated, owned by the caller. */
char **prompt_complete(const char *line);
