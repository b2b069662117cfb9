/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* output.c and output-file.c: a job's output in a file. */

#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/client-error.h"
#include "client/output.h"
#include "helicopter/cleanup.h"

static char *path;
static FILE *real_stdout;

static int set_up(void **state) {
        autofd fd = g_file_open_tmp("helicopter-XXXXXX", &path, NULL);

        real_stdout = stdout;
        return fd < 0 ? -1 : 0;
}

static int tear_down(void **state) {
        g_unlink(path);
        g_clear_pointer(&path, g_free);
        return 0;
}

/* Have stdout written to memory, until released. */
static void capture(char **text, size_t *size) {
        fflush(stdout);
        stdout = open_memstream(text, size);
        assert_non_null(stdout);
}

static void release(void) {
        fclose(stdout);
        stdout = real_stdout;
}

static JobInfo *job_with(const char *log_path, const char *unit, const char *state) {
        JobInfo *job = job_info_new("/job");

        job->name = g_strdup("a");
        job->state = g_strdup(state);
        job->log_path = g_strdup(log_path);
        job->unit = g_strdup(unit);
        return job;
}

static void assert_shown(const char *content, uint64_t lines, const char *expected) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        g_autoptr(JobInfo) job = job_with(path, "", "exited");
        const OutputOptions options = { .lines = lines };
        char *text = NULL;
        size_t size;
        int r;

        assert_true(g_file_set_contents(path, content, -1, NULL));
        capture(&text, &size);
        r = output_show(job, &options, true, &error);
        release();
        assert_int_equal(r, 0);
        assert_int_equal(size, strlen(expected));
        assert_memory_equal(text, expected, size);
        free(text);
}

static void test_lines(void **state) {
        assert_shown("", OUTPUT_ALL_LINES, "");
        assert_shown("a\nb\n", OUTPUT_ALL_LINES, "a\nb\n");
        assert_shown("a\nb\n", 1, "b\n");
        assert_shown("a\nb", 1, "b");
        assert_shown("a\nb", 2, "a\nb");
        assert_shown("a\n\n", 1, "\n");
        assert_shown("a\nb\n", 9, "a\nb\n");
        assert_shown("a\nb\n", 0, "");
        assert_shown("a", 0, "");
        assert_shown("a", 1, "a");
        assert_shown("", 1, "");
}

static void test_lines_of_many_blocks(void **state) {
        g_autofree char *filling = g_strnfill(200000, 'x');
        g_autofree char *content = g_strconcat("first\n", filling, "\n", filling, "\n", NULL);

        assert_shown(content, 2, content + strlen("first\n"));
        assert_shown(content, 3, content);
        assert_shown(content, 4, content);
}

/* A child stands for the job's parent: it writes, and ends. */
static void test_follow(void **state) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        g_autoptr(JobInfo) job = job_with(path, "", "running");
        const OutputOptions options = { .lines = OUTPUT_ALL_LINES };
        char *text = NULL;
        size_t size;
        pid_t child;
        int r;

        child = fork();
        if (child == 0) {
                FILE *file = fopen(path, "w");

                if (file && fputs("one\n", file) >= 0 && fflush(file) == 0 && usleep(20000) == 0)
                        fputs("two\n", file);
                _exit(file ? fclose(file) : 1);
        }
        job->parent_pid = (uint32_t) child;
        capture(&text, &size);
        r = output_show(job, &options, true, &error);
        release();
        waitpid(child, NULL, 0);
        assert_int_equal(r, 0);
        assert_int_equal(size, strlen("one\ntwo\n"));
        assert_memory_equal(text, "one\ntwo\n", size);
        free(text);
}

static void assert_refused(const char *log_path, const char *unit, OutputOptions options, const char *name) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        g_autoptr(JobInfo) job = job_with(log_path, unit, "running");

        options.lines = OUTPUT_ALL_LINES;
        assert_true(output_show(job, &options, false, &error) < 0);
        assert_true(sd_bus_error_has_name(&error, name));
        assert_non_null(client_error_remedy(name));
}

static void test_nothing_to_show(void **state) {
        assert_refused("", "", (OutputOptions) { 0 }, CLIENT_ERROR_NO_OUTPUT);
        assert_refused(NULL, "session-3.scope", (OutputOptions) { 0 }, CLIENT_ERROR_NO_OUTPUT);
        assert_refused("/nonexistent", "", (OutputOptions) { 0 }, CLIENT_ERROR_UNREADABLE_OUTPUT);
        assert_refused("/", "", (OutputOptions) { 0 }, CLIENT_ERROR_UNREADABLE_OUTPUT);
        assert_refused(path, "", (OutputOptions) { .since = 5 }, CLIENT_ERROR_NO_TIMES);
        assert_refused(path, "", (OutputOptions) { .timestamps = true }, CLIENT_ERROR_NO_TIMES);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_lines),
                TEST(test_lines_of_many_blocks),
                TEST(test_follow),
                TEST(test_nothing_to_show),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
