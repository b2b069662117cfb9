/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The command line of helicopter-parent. */

#include <glib.h>
#include <stdbool.h>

#include "helicopter/grant-policy.h"

typedef struct Options {
        char *name;         /* of the job */
        bool name_is_given; /* else it was made from the command, and may get a number */
        char **environment; /* of the job; NULL: the parent's own */
        GBytes *start; /* what it is started with, for the daemon to start it again; NULL: no daemon has started it */
        bool is_first; /* of the starts of its unit: a daemon keeps the name for it */
        char *working_directory; /* to run in; NULL: the parent's own */
        char **command;          /* what to execute */
        GrantPolicy grant_policy;
        const char *script; /* of `command`, when python3 was put in front of it; else NULL */
} Options;

void options_clear(Options *options);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_clear)

/*
 * Returns 0, 1 when there is nothing left to do (--help, --version), or a negative errno after having said on stderr
 * what is wrong. *ret_options is set on 0 only.
 */
int options_parse(int argc, char **argv, Options *ret_options);
