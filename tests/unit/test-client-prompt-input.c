/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include <fcntl.h>
#include <glib.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/prompt-input.h"
#include "helicopter/cleanup.h"
#include "missing-library.h"

static void feed(const char *text) {
        int fds[2];

        assert_int_equal(pipe(fds), 0);
        assert_int_equal(write(fds[1], text, strlen(text)), (ssize_t) strlen(text));
        close(fds[1]);
        dup2(fds[0], STDIN_FILENO);
        close(fds[0]);
}

static void assert_line(PromptInput *input, const char *expected) {
        g_autofree char *line = NULL;

        assert_int_equal(prompt_input_read(input, &line), 1);
        assert_string_equal(line, expected);
}

static void test_lines(void **state) {
        g_autofree char *line = NULL;
        PromptInput *input;

        feed("attach a\n\nno end");
        input = prompt_input_new(">>> ", NULL, NULL, NULL);
        assert_line(input, "attach a");
        assert_line(input, "");
        assert_line(input, "no end");
        assert_int_equal(prompt_input_read(input, &line), 0);
        assert_null(line);
        prompt_input_free(input);
}

static void test_the_rest_is_left(void **state) {
        PromptInput *input;
        char rest[32];
        ssize_t size;

        feed("attach\np counter\n");
        input = prompt_input_new(">>> ", NULL, NULL, NULL);
        assert_line(input, "attach");
        size = read(STDIN_FILENO, rest, sizeof rest);
        assert_int_equal(size, strlen("p counter\n"));
        assert_memory_equal(rest, "p counter\n", (size_t) size);
        prompt_input_free(input);
}

/* The far end of a terminal that is stdin and stdout now; *ret_before is what stdout was. */
static int open_terminal(int *ret_before) {
        int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
        autofd near = -1;

        assert_true(terminal >= 0 && grantpt(terminal) == 0 && unlockpt(terminal) == 0);
        near = open(ptsname(terminal), O_RDWR | O_NOCTTY | O_CLOEXEC);
        *ret_before = dup(STDOUT_FILENO);
        fflush(stdout);
        if (near < 0 || *ret_before < 0 || dup2(near, STDIN_FILENO) < 0 || dup2(near, STDOUT_FILENO) < 0)
                fail();
        return terminal;
}

static void close_terminal(int before) {
        fflush(stdout);
        if (before < 0 || dup2(before, STDOUT_FILENO) < 0)
                fail();
        close(before);
}

/* Read a line on a terminal on which that is typed. */
static int read_typed(const char *typed, char **ret_line) {
        g_autofree char *why = NULL;
        PromptInput *input;
        int before, r;
        autofd terminal = open_terminal(&before);

        g_setenv("TERM", "vt100", TRUE);
        input = prompt_input_new(">>> ", NULL, NULL, &why);
        assert_int_equal(write(terminal, typed, strlen(typed)), (ssize_t) strlen(typed));
        r = input ? prompt_input_read(input, ret_line) : -1;
        prompt_input_free(input);
        close_terminal(before);
        assert_null(why);
        return r;
}

static void test_terminal(void **state) {
        g_autofree char *line = NULL;

        assert_int_equal(read_typed("attach a\r", &line), 1);
        assert_string_equal(line, "attach a");
}

/* The terminal has a byte, which is ^C: by the time of the read it is a signal, and no byte any more. */
static bool byte_becomes_signal;

int __real_poll(struct pollfd *fds, nfds_t count, int timeout);
int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout);

int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout) {
        if (!byte_becomes_signal)
                return __real_poll(fds, count, timeout);
        byte_becomes_signal = false;
        assert_int_equal(kill(getpid(), SIGINT), 0);
        for (nfds_t i = 0; i < count; i++)
                fds[i].revents = fds[i].fd == STDIN_FILENO ? POLLIN : 0;
        return 1;
}

static void test_interrupt_in_place_of_a_byte(void **state) {
        g_autofree char *line = NULL;

        byte_becomes_signal = true;
        alarm(60);
        assert_int_equal(read_typed("", &line), -EINTR);
        alarm(0);
        assert_null(line);
}

static void test_interrupt_between_lines(void **state) {
        g_autofree char *why = NULL, *line = NULL;
        PromptInput *input;
        int before, r[2] = { 0 };
        autofd terminal = open_terminal(&before);

        input = prompt_input_new(">>> ", NULL, NULL, &why);
        raise(SIGINT);
        if (input)
                r[0] = prompt_input_read(input, &line);
        assert_int_equal(write(terminal, "a\r", 2), 2);
        if (input)
                r[1] = prompt_input_read(input, &line);
        prompt_input_free(input);
        close_terminal(before);
        assert_int_equal(r[0], -EINTR);
        assert_int_equal(r[1], 1);
        assert_string_equal(line, "a");
}

static void test_without_library(void **state) {
        g_autofree char *why = NULL;
        PromptInput *input;
        int before, terminal = open_terminal(&before);

        library_is_missing = true;
        input = prompt_input_new(">>> ", NULL, NULL, &why);
        library_is_missing = false;
        close_terminal(before);
        close(terminal);
        assert_null(input);
        assert_true(g_str_has_prefix(why, MISSING_LIBRARY ": "));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_lines),
                cmocka_unit_test(test_the_rest_is_left),
                cmocka_unit_test(test_terminal),
                cmocka_unit_test(test_interrupt_in_place_of_a_byte),
                cmocka_unit_test(test_interrupt_between_lines),
                cmocka_unit_test(test_without_library),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
