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

#include "client/exit-code.h"
#include "client/prompt.h"
#include "client/report.h"
#include "client/verb.h"
#include "config.h"
#include "helicopter/error.h"

static int print_help(void) {
        printf("Usage: helicopter-client [VERB [ARG…]]\n\n"
               "Start Python jobs, and debug them while they run. Without a verb: a prompt.\n\nVerbs:\n");
        for (const Verb *verb = verb_next(NULL); verb; verb = verb_next(verb))
                printf("  %-12s %s\n", verb->name, verb->summary);
        printf("\nOptions:\n  -h, --help   Show this help\n  --version    Show the version\n\n"
               "'helicopter-client VERB --help' shows a verb's options. A job is named by NAME or --job NAME;\n"
               "where only one runs, it need not be named.\n");
        return EXIT_SUCCESS;
}

static int print_version(void) {
        printf("helicopter %s\n", HELICOPTER_VERSION);
        return EXIT_SUCCESS;
}

static int usage_error(const char *word) {
        const char *nearest = verb_nearest(word);

        report_error("Unknown %s '%s'", *word == '-' ? "option" : "verb", word);
        if (nearest) {
                report_note("Did you mean '%s'?", nearest);
                return EXIT_USAGE;
        }
        report_note("'helicopter-client --help' shows what there is.");
        return EXIT_USAGE;
}

static int dispatch(int argc, char **argv) {
        const Verb *verb;

        if (argc < 1)
                return prompt_run();
        if (strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0 || strcmp(argv[0], "help") == 0)
                return print_help();
        if (strcmp(argv[0], "--version") == 0)
                return print_version();
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
        return code == EXIT_SUCCESS ? EXIT_FAILURE : code;
}

int main(int argc, char **argv) {
        open_standard_streams();
        setlocale(LC_ALL, "");
        error_register();
        return flush_output(dispatch(argc - 1, argv + 1));
}
