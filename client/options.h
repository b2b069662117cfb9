/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The command line of a verb. */

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "client/verb.h"

/* The option that names a job, wherever there is one. */
#define OPTION_JOB(place) { "job", 'j', 0, G_OPTION_ARG_STRING, (place), "The job's name", "NAME" }

/* The option for output that is meant for programs. */
#define OPTION_JSON(place) { "json", 0, 0, G_OPTION_ARG_NONE, (place), "Print JSON", NULL }

/* The option for a verb whose output may be long. */
#define OPTION_NO_PAGER(place) { "no-pager", 0, 0, G_OPTION_ARG_NONE, (place), "Without a pager", NULL }

/*
 * Take a verb's options out of its arguments (argv[0] is the verb), leaving a NULL-terminated array with the others. Of
 * a verb whose arguments end with a command, only options before that are taken. Returns 1; or 0 when help was asked
 * for and given, or -EINVAL when the error was told.
 */
int options_parse(const Verb *verb, const GOptionEntry *entries, int *argc, char ***argv);

/* Called for an option of a verb; the entry is only there while it is. */
typedef void (*OptionsCollect)(const GOptionEntry *entry, void *userdata);

/*
 * Have a verb's options told, --help last. The verb is run for that, up to its call of options_parse(), which is where they
 * are known, and returns as if help had been asked for.
 */
void options_list(const Verb *verb, OptionsCollect collect, void *userdata);

/* Tell a usage error of the verb. Returns EXIT_USAGE. */
int options_usage(const Verb *verb, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* The exit code for what options_parse() returned, when that is not 1. */
int options_exit_code(int r);

/*
 * Take the options of a verb that is for one job, and the job's name, from --job (which entries put into *job) or the only
 * argument. Returns 1 and a string of those handed in, NULL when there is neither; else as options_parse(), -EINVAL also
 * when there are both or too many.
 */
int options_parse_job(
        const Verb *verb, const GOptionEntry *entries, char *const *job, int argc, char **argv, const char **ret_name);

/* A time in seconds, as microseconds. Returns 0, or -EINVAL when it is negative or beyond a year, which was told. */
int options_seconds(const Verb *verb, const char *option, double seconds, uint64_t *ret_microseconds);
