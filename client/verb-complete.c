/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * complete: for the shells' completion (contrib/completions). One candidate a line, with a tab and its description behind; a
 * line that begins with ':' has the shell complete files, directories or commands as well.
 */

#include <stdio.h>
#include <stdlib.h>

#include "client/complete.h"
#include "client/options.h"

static void print_candidate(const char *word, const char *description, void *userdata) {
        printf("%s\t%s\n", word, description ?: "");
}

int verb_complete(const Verb *verb, int argc, char **argv) {
        static const char *const directives[] = {
                [COMPLETE_FILES] = ":files",
                [COMPLETE_DIRECTORIES] = ":directories",
                [COMPLETE_COMMANDS] = ":commands",
        };
        CompleteFiles files;
        int r;

        r = options_parse(verb, NULL, &argc, &argv);
        if (r <= 0)
                return options_exit_code(r);
        files = complete(argc - 1, argv + 1, print_candidate, NULL);
        if (files != COMPLETE_NO_FILES)
                puts(directives[files]);
        return EXIT_SUCCESS;
}
