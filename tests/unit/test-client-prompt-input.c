/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include <glib.h>
#include <string.h>
#include <unistd.h>

#include "client/prompt-input.h"

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
        input = prompt_input_new(">>> ", NULL, NULL);
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
        input = prompt_input_new(">>> ", NULL, NULL);
        assert_line(input, "attach");
        size = read(STDIN_FILENO, rest, sizeof rest);
        assert_int_equal(size, strlen("p counter\n"));
        assert_memory_equal(rest, "p counter\n", (size_t) size);
        prompt_input_free(input);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_lines),
                cmocka_unit_test(test_the_rest_is_left),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
