/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What is said of all verbs together. */

#include <stdbool.h>

/* Print a line for each verb, and then for each of more (name, summary, name, summary … NULL; NULL: no more). */
void help_print_verbs(const char *const *more);

/*
 * Whether a command line that begins with "help" asks for one verb's. Then *argc and ret_argv (with a NULL at its end) become the command
 * line that prints it, "VERB --help".
 */
bool help_is_of_verb(int *argc, char **argv, char *ret_argv[3]);

/*
 * Say, on stderr, which verb was probably meant by a word that is none, or where they are listed. program: what is typed in front of a
 * verb; "" at the prompt.
 */
void help_suggest(const char *word, const char *program);
