/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* prompt.c, which is given lines in place of a terminal. */

#include "test.h"

#include <errno.h>
#include <glib.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture.h"
#include "client/prompt-input.h"
#include "client/prompt.h"

static const char *const *lines; /* NULL: there is no prompt */
static bool closed;

PromptInput *__wrap_prompt_input_new(
        const char *prompt, PromptCompleter completer, const char *history, char **ret_why);
PromptInput *__wrap_prompt_input_free(PromptInput *input);
int __wrap_prompt_input_read(PromptInput *input, char **ret_line);

PromptInput *__wrap_prompt_input_new(
        const char *prompt, PromptCompleter completer, const char *history, char **ret_why) {
        if (!lines)
                *ret_why = g_strdup("libedit.so.0: nothing");
        return lines ? (PromptInput *) &lines : NULL;
}

PromptInput *__wrap_prompt_input_free(PromptInput *input) {
        closed = true;
        return NULL;
}

int __wrap_prompt_input_read(PromptInput *input, char **ret_line) {
        if (!*lines)
                return 0;
        if (strcmp(*lines, "^C") == 0) {
                lines++;
                return -EINTR;
        }
        *ret_line = g_strdup(*lines++);
        return 1;
}

/* What is said of the lines; code: what the prompt is to end with. */
static char *prompt(const char *const *typed, int code) {
        int r;

        lines = typed;
        closed = false;
        capture_begin();
        r = prompt_run();
        assert_int_equal(closed, typed != NULL);
        assert_int_equal(r, code);
        return capture_end();
}

#define PROMPT(...) prompt((const char *const[]) { __VA_ARGS__, NULL }, EXIT_SUCCESS)

#define GOODBYE "Exiting client (supervisor and target still running)\n"

/* Reaches no-prompt. */
static void test_no_prompt(void **state) {
        g_autofree char *said = prompt(NULL, EXIT_FAILURE);

        assert_non_null(strstr(said, "Cannot set up the prompt: libedit.so.0: nothing\n"));
        assert_non_null(strstr(said, "Each verb works without it"));
}

static void test_ends(void **state) {
        g_autofree char *quit = PROMPT("quit", "nonsense"), *leave = PROMPT("exit", "nonsense"), *end = PROMPT("");

        assert_true(g_str_has_suffix(quit, GOODBYE));
        assert_null(strstr(quit, "nonsense"));
        assert_string_equal(quit, leave);
        assert_string_equal(quit, end);
}

static void test_mistakes_do_not_end_it(void **state) {
        g_autofree char *said =
                PROMPT("atach x", "nonsense", "help nonsense", "attach 'x", "^C", "   ", "# only words", "quit");

        assert_non_null(strstr(said, "Unknown command 'atach'\nDid you mean 'attach'?\n"));
        assert_non_null(strstr(said, "Unknown command 'nonsense'\n'help' shows the verbs that there are.\n"));
        assert_non_null(strstr(said, "Cannot read the line: "));
        assert_true(g_str_has_suffix(said, GOODBYE));
}

/* A verb's process is not the prompt's: what it does to itself is its own affair. */
static void test_verbs_have_a_process_of_their_own(void **state) {
        g_autofree char *said = PROMPT("complete --nonsense", "terminate --nonsense", "quit");

        assert_non_null(strstr(said, "complete: Unknown option --nonsense"));
        assert_non_null(strstr(said, "terminate: Unknown option --nonsense"));
        assert_true(g_str_has_suffix(said, GOODBYE));
}

/* ^C as the prompt is about to have the verb's process, or that has not begun yet. */
static enum { NEVER, BEFORE_FORK, AFTER_FORK } interrupt;

pid_t __real_fork(void);
pid_t __wrap_fork(void);

/* The process, which waits until it has been told. */
static void await_interrupt(void) {
        sigset_t pending;

        alarm(60);
        do
                sigpending(&pending);
        while (!sigismember(&pending, SIGINT));
}

pid_t __wrap_fork(void) {
        pid_t pid;

        if (interrupt == BEFORE_FORK)
                raise(SIGINT);
        pid = __real_fork();
        if (pid == 0 && interrupt == AFTER_FORK)
                raise(SIGINT);
        if (pid == 0 && interrupt != NEVER)
                await_interrupt();
        return pid;
}

static void test_interrupt_comes_to_the_verb(void **state) {
        for (interrupt = BEFORE_FORK; interrupt <= AFTER_FORK; interrupt++) {
                g_autofree char *said = NULL;

                alarm(60);
                said = PROMPT("complete --nonsense", "quit");
                alarm(0);
                assert_string_equal(said, GOODBYE);
        }
        interrupt = NEVER;
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_no_prompt),
                cmocka_unit_test(test_ends),
                cmocka_unit_test(test_mistakes_do_not_end_it),
                cmocka_unit_test(test_verbs_have_a_process_of_their_own),
                cmocka_unit_test(test_interrupt_comes_to_the_verb),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
