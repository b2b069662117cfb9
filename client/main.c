/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* helicopter-client: the command line. */

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/client-error.h"
#include "client/exit-code.h"
#include "client/help.h"
#include "client/prompt.h"
#include "client/report.h"
#include "client/verb.h"
#include "config.h"
#include "helicopter/error.h"

#define PROGRAM "helicopter-client "

static int print_help(void) {
        printf("Usage: helicopter-client [VERB [ARG…]]   (without a verb: a prompt)\n\n");
        help_print_verbs(NULL);
        printf("\n'helicopter-client VERB --help' shows a verb's options; --version the version.\n"
               "A job is named by NAME or --job NAME; not at all where only one runs.\n");
        return EXIT_SUCCESS;
}

static int print_version(void) {
        printf("helicopter %s\n", HELICOPTER_VERSION);
        return EXIT_SUCCESS;
}

static int usage_error(const char *word) {
        if (*word == '-') {
                report_error("Unknown option '%s'", word);
                report_note("A verb's options come behind it; '" PROGRAM "--help' shows the verbs.");
        } else {
                report_error("Unknown verb '%s'", word);
                help_suggest(word, PROGRAM);
        }
        return EXIT_USAGE;
}

static int dispatch(int argc, char **argv) {
        char *help[3];
        const Verb *verb;

        if (argc < 1)
                return prompt_run();
        if (strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0)
                return print_help();
        if (strcmp(argv[0], "--version") == 0)
                return print_version();
        if (strcmp(argv[0], "help") == 0) {
                if (!help_is_of_verb(&argc, argv, help))
                        return print_help();
                argv = help;
        }
        verb = verb_find(argv[0]);
        return verb ? verb->run(verb, argc, argv) : usage_error(argv[0]);
}

/* Descriptors that are opened later must not be taken for the standard ones. */
static void open_standard_streams(void) {
        int fd;

        do
                fd = open("/dev/null", O_RDWR | O_CLOEXEC);
        while (fd >= 0 && fd <= STDERR_FILENO);
        if (fd >= 0)
                close(fd);
}

/* Data that could not be written, to a full disk, is a failure. */
static int flush_output(int code) {
        if (fflush(stdout) == 0 && !ferror(stdout))
                return code;
        report_error("Cannot write to stdout: %s", g_strerror(errno));
        report_remedy(CLIENT_ERROR_NOT_WRITTEN);
        return code == EXIT_SUCCESS ? EXIT_FAILURE : code;
}

int main(int argc, char **argv) {
        open_standard_streams();
        setlocale(LC_ALL, "");
        error_register();
        return flush_output(dispatch(argc - 1, argv + 1));
}
