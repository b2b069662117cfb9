/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/prompt.h"

#include <errno.h>
#include <glib.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/prompt-complete.h"
#include "client/prompt-input.h"
#include "client/report.h"
#include "client/verb.h"
#include "config.h"

static void print_command(const char *name, const char *arguments, const char *summary) {
        g_autofree char *usage = g_strdup_printf("%s %s", name, arguments);

        printf("  %-24s %s\n", usage, summary);
}

static void print_help(void) {
        for (const Verb *verb = verb_next(NULL); verb; verb = verb_next(verb))
                print_command(verb->name, verb->arguments, verb->summary);
        print_command("help", "", "Show this");
        print_command("quit", "", "Leave; jobs go on (also: exit, ^D)");
}

/* In a process of its own, so that ^C ends what waits, and not the prompt. Returns its exit code. */
static int run_apart(const Verb *verb, int argc, char **argv) {
        sighandler_t interrupt = signal(SIGINT, SIG_IGN);
        pid_t prompt = getpid(), pid;
        int status = 0;

        fflush(stdout);
        pid = fork();
        if (pid == 0) {
                int code;

                signal(SIGINT, interrupt);
                prctl(PR_SET_PDEATHSIG, SIGTERM);
                code = getppid() == prompt ? verb->run(verb, argc, argv) : EXIT_FAILURE;
                fflush(stdout);
                _exit(code);
        }
        if (pid < 0)
                report_error("Cannot fork: %s", g_strerror(errno));
        while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
                ;
        signal(SIGINT, interrupt);
        if (WIFSIGNALED(status))
                putchar('\n'); /* behind the terminal's "^C" */
        return pid > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
}

static void exit_note(void) {
        report_note("Exiting client (supervisor and target still running)");
}

static bool asks_for_help(char **argv) {
        return g_strv_contains((const char *const *) argv, "--help") ||
                g_strv_contains((const char *const *) argv, "-h");
}

/* Run one command. Returns whether to go on. */
static bool run_command(int argc, char **argv) {
        const Verb *verb = verb_find(argv[0]);
        bool ends;
        int code;

        if (strcmp(argv[0], "quit") == 0 || strcmp(argv[0], "exit") == 0) {
                exit_note();
                return false;
        }
        if (strcmp(argv[0], "help") == 0) {
                print_help();
                return true;
        }
        if (!verb) {
                const char *nearest = verb_nearest(argv[0]);

                report_error("Unknown command '%s'; 'help' shows the commands that there are", argv[0]);
                if (nearest)
                        report_note("Did you mean '%s'?", nearest);
                return true;
        }
        ends = verb->ends && !asks_for_help(argv);
        code = verb->waits ? run_apart(verb, argc, argv) : verb->run(verb, argc, argv);
        return !ends || code != EXIT_SUCCESS;
}

static bool run_line(const char *line) {
        g_auto(GStrv) words = NULL;
        g_autofree char **argv = NULL;
        g_autoptr(GError) error = NULL;
        int argc;

        if (!g_shell_parse_argv(line, &argc, &words, &error)) {
                if (!g_error_matches(error, G_SHELL_ERROR, G_SHELL_ERROR_EMPTY_STRING))
                        report_error("%s", error->message);
                return true;
        }
        /* Parsing options drops words from the array without freeing them. */
        argv = g_memdup2(words, sizeof *argv * (size_t) (argc + 1));
        return run_command(argc, argv);
}

int prompt_run(void) {
        g_autofree char *history = g_build_filename(g_get_user_state_dir(), "helicopter", "history", NULL);
        PromptInput *input = prompt_input_new(">>> ", prompt_complete, history);
        bool go_on = true;

        if (!input) {
                report_error("Cannot set up the prompt: %s", g_strerror(errno));
                return EXIT_FAILURE;
        }
        if (isatty(STDIN_FILENO))
                report_note("helicopter " HELICOPTER_VERSION "; 'help' shows the commands");
        while (go_on) {
                g_autofree char *line = NULL;
                int r = prompt_input_read(input, &line);

                if (r == -EINTR)
                        continue;
                if (r <= 0)
                        exit_note();
                go_on = r > 0 && run_line(line);
                fflush(stdout);
        }
        prompt_input_free(input);
        return EXIT_SUCCESS;
}
