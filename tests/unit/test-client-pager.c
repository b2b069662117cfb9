/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/pager.h"
#include "client/report.h"
#include "client/text.h"

typedef struct Fixture {
        char *directory, *seen;
        int original; /* stdout */
        int terminal; /* the far end of what is stdout now */
} Fixture;

static int open_terminal(void) {
        int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), near;

        assert_true(terminal >= 0 && grantpt(terminal) == 0 && unlockpt(terminal) == 0);
        near = open(ptsname(terminal), O_RDWR | O_NOCTTY | O_CLOEXEC);
        assert_true(near >= 0 && dup2(near, STDOUT_FILENO) >= 0);
        close(near);
        return terminal;
}

/* stdout is a terminal, and a pager keeps what it is given in a file. */
static int set_up(void **state) {
        Fixture *fixture = g_new0(Fixture, 1);
        g_autofree char *command = NULL;

        fixture->directory = g_dir_make_tmp("helicopter-XXXXXX", NULL);
        fixture->seen = g_build_filename(fixture->directory, "seen", NULL);
        fflush(stdout);
        fixture->original = dup(STDOUT_FILENO);
        fixture->terminal = open_terminal();
        command = g_strdup_printf("sh -c 'echo \"$LESS\" >%s; cat >>%s'", fixture->seen, fixture->seen);
        g_setenv("PAGER", command, TRUE);
        g_unsetenv("SYSTEMD_PAGER");
        g_unsetenv("SYSTEMD_LESS");
        g_unsetenv("LESS");
        g_unsetenv("NO_COLOR");
        g_setenv("TERM", "vt100", TRUE);
        *state = fixture;
        return 0;
}

static int tear_down(void **state) {
        Fixture *fixture = *state;

        fflush(stdout);
        dup2(fixture->original, STDOUT_FILENO);
        close(fixture->original);
        close(fixture->terminal);
        g_unlink(fixture->seen);
        g_rmdir(fixture->directory);
        g_free(fixture->directory);
        g_free(fixture->seen);
        g_free(fixture);
        return 0;
}

static void assert_seen(const Fixture *fixture, const char *expected) {
        g_autofree char *text = NULL;

        g_file_get_contents(fixture->seen, &text, NULL, NULL);
        if (expected)
                assert_string_equal(text, expected);
        else
                assert_null(text);
}

static void assert_not_paged(const Fixture *fixture, bool wanted) {
        pager_open(wanted);
        printf("x\n");
        assert_false(pager_close());
        assert_seen(fixture, NULL);
}

static void test_pager(void **state) {
        char *child[] = { (char *) "echo", (char *) "two", NULL };
        const Fixture *fixture = *state;

        pager_open(true);
        printf("one\n");
        fflush(stdout);
        assert_true(g_spawn_sync(NULL, child, NULL, G_SPAWN_CHILD_INHERITS_STDOUT | G_SPAWN_SEARCH_PATH, NULL, NULL,
                NULL, NULL, NULL, NULL));
        printf("three\n");
        assert_false(pager_close());
        assert_seen(fixture, "FRSXMK\none\ntwo\nthree\n");
        assert_true(isatty(STDOUT_FILENO));
}

static void test_options_of_less(void **state) {
        const Fixture *fixture = *state;

        g_setenv("LESS", "R", TRUE);
        pager_open(true);
        pager_close();
        assert_seen(fixture, "R\n");
        g_setenv("SYSTEMD_LESS", "X", TRUE);
        pager_open(true);
        pager_close();
        assert_seen(fixture, "X\n");
}

static void test_no_pager(void **state) {
        static const char *const none[] = { "", "cat", "/nowhere/at-all", "'unclosed" };
        const Fixture *fixture = *state;

        assert_not_paged(fixture, false);
        for (size_t i = 0; i < G_N_ELEMENTS(none); i++) {
                g_setenv("SYSTEMD_PAGER", none[i], TRUE);
                assert_not_paged(fixture, true);
        }
        g_unsetenv("SYSTEMD_PAGER");
        g_setenv("TERM", "dumb", TRUE);
        assert_not_paged(fixture, true);
        g_unsetenv("TERM");
        assert_not_paged(fixture, true);
}

static void test_no_terminal(void **state) {
        const Fixture *fixture = *state;
        int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

        assert_true(null >= 0 && dup2(null, STDOUT_FILENO) >= 0);
        close(null);
        assert_int_equal(pager_terminal(), -1);
        assert_not_paged(fixture, true);
        assert_int_equal(text_columns(), 0);
}

/* It is still a terminal that is written to. */
static void test_terminal_behind(void **state) {
        g_setenv("COLUMNS", "77", TRUE);
        pager_open(true);
        assert_false(isatty(STDOUT_FILENO));
        assert_true(isatty(pager_terminal()));
        assert_int_equal(text_columns(), 77);
        assert_true(report_colours(stdout));
        g_setenv("NO_COLOR", "1", TRUE);
        assert_false(report_colours(stdout));
        pager_close();
        assert_int_equal(pager_terminal(), STDOUT_FILENO);
        g_unsetenv("COLUMNS");
}

/* Who leaves early sees no more, also not afterwards; and a handler of the caller's is his own again. */
static void test_left_early(void **state) {
        const Fixture *fixture = *state;
        struct sigaction before, after;
        char byte;

        sigaction(SIGPIPE, NULL, &before);
        g_setenv("PAGER", "true", TRUE);
        pager_open(true);
        for (int i = 0; i < 100000; i++)
                printf("a line of some length\n");
        printf("and more");
        assert_true(pager_close());
        assert_int_equal(ferror(stdout), 0);
        assert_int_equal(fflush(stdout), 0);
        sigaction(SIGPIPE, NULL, &after);
        assert_ptr_equal(before.sa_handler, after.sa_handler);
        fcntl(fixture->terminal, F_SETFL, O_NONBLOCK);
        assert_int_equal(read(fixture->terminal, &byte, 1), -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_pager),
                TEST(test_options_of_less),
                TEST(test_no_pager),
                TEST(test_no_terminal),
                TEST(test_terminal_behind),
                TEST(test_left_early),
        };

        return cmocka_run_group_tests_name("client-pager", tests, NULL, NULL);
}
