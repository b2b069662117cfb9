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

#include "client/exit-code.h"
#include "client/help.h"
#include "client/prompt-complete.h"
#include "client/prompt-input.h"
#include "client/report.h"
#include "client/verb.h"
#include "config.h"

static void print_help(void) {
        static const char *const own[] = { "help [VERB]", "Show this, or a verb's options", "quit",
                "Leave; jobs go on (also: exit, ^D)", NULL };

        help_print_verbs(own);
}

static void block_keys(sigset_t *ret_keys, sigset_t *ret_before) {
        sigemptyset(ret_keys);
        sigaddset(ret_keys, SIGINT);
        sigaddset(ret_keys, SIGQUIT);
        sigprocmask(SIG_BLOCK, ret_keys, ret_before);
}

/* A key that was pressed before there was the process is meant for it, too. */
static void pass_on(pid_t pid) {
        sigset_t pending;

        sigpending(&pending);
        if (sigismember(&pending, SIGINT))
                kill(pid, SIGINT);
        if (sigismember(&pending, SIGQUIT))
                kill(pid, SIGQUIT);
}

static void unblock_keys(const sigset_t *keys, const sigset_t *before) {
        static const struct timespec now;

        while (sigtimedwait(keys, NULL, &now) > 0)
                ; /* it was the process's */
        sigprocmask(SIG_SETMASK, before, NULL);
}

/* In a process of its own, so that ^C and ^\ end the verb, and not the prompt. Returns its exit code. The keys are blocked until each
 * of the two processes is what it is to be: none is lost. */
static int run_apart(const Verb *verb, int argc, char **argv) {
        pid_t prompt = getpid(), pid;
        sigset_t keys, before;
        int status = 0;

        fflush(stdout);
        block_keys(&keys, &before);
        pid = fork();
        if (pid == 0) {
                int code;

                sigprocmask(SIG_UNBLOCK, &keys, NULL);
                prctl(PR_SET_PDEATHSIG, SIGTERM);
                code = getppid() == prompt ? verb->run(verb, argc, argv) : EXIT_FAILURE;
                fflush(stdout);
                _exit(code);
        }
        if (pid < 0)
                report_failure(NULL, -errno);
        else
                pass_on(pid);
        while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
                ;
        unblock_keys(&keys, &before);
        if (WIFSIGNALED(status))
                putchar('\n'); /* behind the terminal's "^C" */
        return pid > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
}

static int run_named(int argc, char **argv) {
        const Verb *verb = verb_find(argv[0]);

        if (verb)
                return run_apart(verb, argc, argv);
        report_error("Unknown command '%s'", argv[0]);
        help_suggest(argv[0], "");
        return EXIT_USAGE;
}

static void exit_note(void) {
        report_note("Exiting client (supervisor and target still running)");
}

/* Whether a command that has succeeded leaves nothing to prompt for. */
static bool is_last(char **argv) {
        const Verb *verb = verb_find(argv[0]);
        const char *const *words = (const char *const *) argv;

        return verb && verb->ends && !g_strv_contains(words, "--help") && !g_strv_contains(words, "-h");
}

/* Run one command. Returns whether to go on. */
static bool run_command(int argc, char **argv) {
        char *help[3];

        if (strcmp(argv[0], "quit") == 0 || strcmp(argv[0], "exit") == 0) {
                exit_note();
                return false;
        }
        if (strcmp(argv[0], "help") != 0)
                return run_named(argc, argv) != EXIT_SUCCESS || !is_last(argv);
        if (help_is_of_verb(&argc, argv, help))
                run_named(argc, help);
        else
                print_help();
        return true;
}

static bool run_line(const char *line) {
        g_auto(GStrv) words = NULL;
        g_autoptr(GError) error = NULL;
        int argc;

        if (g_shell_parse_argv(line, &argc, &words, &error))
                return run_command(argc, words);
        if (g_error_matches(error, G_SHELL_ERROR, G_SHELL_ERROR_EMPTY_STRING))
                return true;
        report_error("Cannot read the line: %s", error->message);
        report_note("Close each quote; a '\\' takes the meaning of the character behind it.");
        return true;
}

int prompt_run(void) {
        g_autofree char *history = g_build_filename(g_get_user_state_dir(), "helicopter", "history", NULL);
        g_autofree char *why = NULL;
        PromptInput *input = prompt_input_new(">>> ", prompt_complete, history, &why);
        bool go_on = true;

        if (!input) {
                report_error("Cannot set up the prompt: %s", why);
                report_note("Each verb works without it: 'helicopter-client --help' shows them.");
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
