/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The verbs of the command line. Each has one file, verb-NAME.c, and one line in the table of verb.c; what it declares
 * there is all that the rest of the client knows of it.
 */

#include <stdbool.h>

typedef struct Verb Verb;

struct Verb {
        const char *name;
        const char *arguments; /* for the usage line */
        const char *summary;
        /* argv[0] is the verb's name. Returns the exit code; has told all errors. */
        int (*run)(const Verb *verb, int argc, char **argv);
        bool command;  /* its arguments end with a command, whose options are not its own */
        bool prompted; /* it can be used at the prompt */
        bool ends;     /* and leaves nothing to prompt for */
};

/* The verb of that name, or NULL. */
const Verb *verb_find(const char *name);

/* The verbs, one after the other; NULL after the last. Begins with NULL. */
const Verb *verb_next(const Verb *verb);

int verb_run(const Verb *verb, int argc, char **argv);
int verb_attach(const Verb *verb, int argc, char **argv);
int verb_exec(const Verb *verb, int argc, char **argv);
int verb_stack(const Verb *verb, int argc, char **argv);
int verb_inject(const Verb *verb, int argc, char **argv);
int verb_ps(const Verb *verb, int argc, char **argv);
int verb_list(const Verb *verb, int argc, char **argv);
int verb_status(const Verb *verb, int argc, char **argv);
int verb_stop(const Verb *verb, int argc, char **argv);
int verb_forget(const Verb *verb, int argc, char **argv);
int verb_terminate(const Verb *verb, int argc, char **argv);
