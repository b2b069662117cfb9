/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Lines from the user: edited, with a history, on a terminal; plain from elsewhere. */

typedef struct PromptInput PromptInput;

/* What the last word of a line may become; the line ends where the cursor is. NULL-terminated, owned by the caller. */
typedef char **(*PromptCompleter)(const char *line);

/*
 * completer: asked when the user presses tab. history: the file that lines are kept in from one session to the next, NULL for none.
 * On a terminal SIGINT is blocked until the end of this: what comes between two lines is for the next one.
 * Returns NULL when libedit cannot be loaded, or there is no memory or no descriptor left, with why as *ret_why (owned by the caller).
 */
PromptInput *prompt_input_new(const char *prompt, PromptCompleter completer, const char *history, char **ret_why);

/* Writes the history. NULL is fine. */
PromptInput *prompt_input_free(PromptInput *input);

/*
 * Read a line. Returns 1 and the line without its end (owned by the caller), 0 at the end of the input, -EINTR when ^C
 * was pressed in place of finishing it, or a negative errno.
 *
 * Of plain input not a byte is taken beyond the line: what follows may be meant for the debugger.
 */
int prompt_input_read(PromptInput *input, char **ret_line);
