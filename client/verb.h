/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The verbs of the command line. Each has one file, verb-NAME.c, and one line in the table of verb.c; what it declares
 * there is all that the rest of the client knows of it.
 */

#include <stdbool.h>

#include "client/job-lookup.h"

typedef struct Verb Verb;

struct Verb {
        const char *name;
        const char *arguments; /* for the usage line */
        const char *summary;
        /* argv[0] is the verb's name. Returns the exit code; has told all errors. */
        int (*run)(const Verb *verb, int argc, char **argv);
        const char *alias; /* another name, or NULL */
        JobChoice jobs;    /* the jobs that its argument and its --job may name */
        bool files;        /* an argument may name a file */
        bool command;      /* its arguments end with a command, whose options are not its own */
        bool ends;         /* it leaves nothing to prompt for */
        bool hidden;       /* it is for programs */
};

/* The verb of that name, or NULL. */
const Verb *verb_find(const char *name);

/* The verbs that are for people, one after the other; NULL after the last. Begins with NULL. */
const Verb *verb_next(const Verb *verb);

/* The verb that was probably meant: one of a similar name, or what another program calls so. NULL: none. */
const char *verb_nearest(const char *name);

int verb_run(const Verb *verb, int argc, char **argv);
int verb_attach(const Verb *verb, int argc, char **argv);
int verb_exec(const Verb *verb, int argc, char **argv);
int verb_stack(const Verb *verb, int argc, char **argv);
int verb_inject(const Verb *verb, int argc, char **argv);
int verb_ps(const Verb *verb, int argc, char **argv);
int verb_list(const Verb *verb, int argc, char **argv);
int verb_status(const Verb *verb, int argc, char **argv);
int verb_stop(const Verb *verb, int argc, char **argv);
int verb_restart(const Verb *verb, int argc, char **argv);
int verb_logs(const Verb *verb, int argc, char **argv);
int verb_wait(const Verb *verb, int argc, char **argv);
int verb_kill(const Verb *verb, int argc, char **argv);
int verb_doctor(const Verb *verb, int argc, char **argv);
int verb_version(const Verb *verb, int argc, char **argv);
int verb_complete(const Verb *verb, int argc, char **argv);
int verb_forget(const Verb *verb, int argc, char **argv);
int verb_terminate(const Verb *verb, int argc, char **argv);
