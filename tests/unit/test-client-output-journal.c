/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* output-journal.c, on a journal that is an array: entries "line 0", "line 1" … at the times 100, 200 … */

#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "client/output.h"

int __wrap_sd_journal_open(sd_journal **ret, int flags);
void __wrap_sd_journal_close(sd_journal *j);
int __wrap_sd_journal_set_data_threshold(sd_journal *j, size_t size);
int __wrap_sd_journal_add_match(sd_journal *j, const void *data, size_t size);
int __wrap_sd_journal_get_fd(sd_journal *j);
int __wrap_sd_journal_get_events(sd_journal *j);
int __wrap_sd_journal_get_timeout(sd_journal *j, uint64_t *ret);
int __wrap_sd_journal_process(sd_journal *j);
int __wrap_sd_journal_seek_head(sd_journal *j);
int __wrap_sd_journal_seek_tail(sd_journal *j);
int __wrap_sd_journal_seek_realtime_usec(sd_journal *j, uint64_t time);
int __wrap_sd_journal_next(sd_journal *j);
int __wrap_sd_journal_previous_skip(sd_journal *j, uint64_t skip);
int __wrap_sd_journal_get_data(sd_journal *j, const char *field, const void **ret_data, size_t *ret_size);
int __wrap_sd_journal_get_realtime_usec(sd_journal *j, uint64_t *ret);

static struct {
        int count; /* of entries */
        int at;    /* the current one; -1: before the first */
        int fail;  /* what sd_journal_open() returns */
        char line[32];
        GString *matches;
} journal;

int __wrap_sd_journal_open(sd_journal **ret, int flags) {
        if (journal.fail < 0)
                return journal.fail;
        *ret = (sd_journal *) &journal;
        return 0;
}

void __wrap_sd_journal_close(sd_journal *j) {
}

int __wrap_sd_journal_set_data_threshold(sd_journal *j, size_t size) {
        return size > 0 ? 0 : -EINVAL;
}

int __wrap_sd_journal_add_match(sd_journal *j, const void *data, size_t size) {
        g_string_append_printf(journal.matches, "%s;", (const char *) data);
        return 0;
}

int __wrap_sd_journal_get_fd(sd_journal *j) {
        return STDIN_FILENO;
}

int __wrap_sd_journal_get_events(sd_journal *j) {
        return 1;
}

int __wrap_sd_journal_get_timeout(sd_journal *j, uint64_t *ret) {
        *ret = UINT64_MAX;
        return 1;
}

int __wrap_sd_journal_process(sd_journal *j) {
        return SD_JOURNAL_NOP;
}

int __wrap_sd_journal_seek_head(sd_journal *j) {
        journal.at = -1;
        return 0;
}

int __wrap_sd_journal_seek_tail(sd_journal *j) {
        journal.at = journal.count;
        return 0;
}

int __wrap_sd_journal_seek_realtime_usec(sd_journal *j, uint64_t time) {
        journal.at = time > 100 ? (int) ((time + 99) / 100) - 2 : -1;
        return 0;
}

int __wrap_sd_journal_next(sd_journal *j) {
        if (journal.at + 1 >= journal.count)
                return 0;
        journal.at++;
        return 1;
}

int __wrap_sd_journal_previous_skip(sd_journal *j, uint64_t skip) {
        int steps = (int) MIN((uint64_t) journal.at, skip);

        journal.at -= steps;
        return steps;
}

int __wrap_sd_journal_get_data(sd_journal *j, const char *field, const void **ret_data, size_t *ret_size) {
        assert_true(journal.at >= 0 && journal.at < journal.count);
        g_snprintf(journal.line, sizeof journal.line, "MESSAGE=line %d", journal.at);
        *ret_data = journal.line;
        *ret_size = strlen(journal.line);
        return 0;
}

int __wrap_sd_journal_get_realtime_usec(sd_journal *j, uint64_t *ret) {
        *ret = (uint64_t) (journal.at + 1) * 100;
        return 0;
}

static int set_up(void **state) {
        journal.count = 5;
        journal.fail = 0;
        journal.matches = g_string_new(NULL);
        return 0;
}

static int tear_down(void **state) {
        g_string_free(journal.matches, TRUE);
        return 0;
}

/* What a copy writes to stdout. */
static void assert_copied(Output *output, int result, const char *expected) {
        FILE *real_stdout = stdout;
        char *text = NULL;
        size_t size;
        int r;

        fflush(stdout);
        stdout = open_memstream(&text, &size);
        r = output->copy(output);
        fclose(stdout);
        stdout = real_stdout;
        assert_int_equal(r, result);
        assert_string_equal(text, expected);
        free(text);
}

static void assert_shown(uint64_t lines, uint64_t since, const char *expected) {
        const OutputOptions options = { .lines = lines, .since = since };
        g_autoptr(Output) output = NULL;

        assert_int_equal(output_journal_open("helicopter-a.service", &options, &output), 0);
        assert_copied(output, *expected ? 1 : 0, expected);
        assert_copied(output, 0, ""); /* nothing comes twice */
        journal.count++;
        assert_copied(output, 1, journal.count == 6 ? "line 5\n" : "line 0\n");
        journal.count--;
}

static void test_all(void **state) {
        assert_shown(OUTPUT_ALL_LINES, 0, "line 0\nline 1\nline 2\nline 3\nline 4\n");
        assert_shown(OUTPUT_ALL_LINES, 301, "line 3\nline 4\n");
        assert_shown(OUTPUT_ALL_LINES, 400, "line 3\nline 4\n");
}

static void test_last_lines(void **state) {
        assert_shown(2, 0, "line 3\nline 4\n");
        assert_shown(9, 0, "line 0\nline 1\nline 2\nline 3\nline 4\n");
        assert_shown(0, 0, "");
        assert_shown(4, 400, "line 3\nline 4\n"); /* those before belong to an earlier job */
}

static void test_empty(void **state) {
        journal.count = 0;
        assert_shown(OUTPUT_ALL_LINES, 0, "");
        assert_shown(3, 0, "");
        assert_shown(0, 0, "");
}

static void test_only_the_users_unit(void **state) {
        g_autofree char *expected = g_strdup_printf("_SYSTEMD_USER_UNIT=helicopter-a.service;_UID=%u;", geteuid());
        const OutputOptions options = { .lines = 1 };
        g_autoptr(Output) output = NULL;

        assert_int_equal(output_journal_open("helicopter-a.service", &options, &output), 0);
        assert_string_equal(journal.matches->str, expected);
}

static void test_timestamps(void **state) {
        const OutputOptions options = { .lines = 1, .timestamps = true };
        g_autoptr(Output) output = NULL;

        assert_int_equal(output_journal_open("helicopter-a.service", &options, &output), 0);
        assert_copied(output, 1, "1970-01-01T00:00:00+0000 line 4\n");
}

static void test_no_journal(void **state) {
        const OutputOptions options = { .lines = 1 };
        Output *output = NULL;

        journal.fail = -EACCES;
        assert_int_equal(output_journal_open("helicopter-a.service", &options, &output), -EACCES);
        assert_null(output);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_all),
                TEST(test_last_lines),
                TEST(test_empty),
                TEST(test_only_the_users_unit),
                TEST(test_timestamps),
                TEST(test_no_journal),
        };

        g_setenv("TZ", "UTC", TRUE);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
