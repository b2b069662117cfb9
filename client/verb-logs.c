/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* logs: what a job has written, stdout and stderr alike. */

#include <errno.h>
#include <stdlib.h>

#include "client/job-info.h"
#include "client/job-lookup.h"
#include "client/options.h"
#include "client/output.h"
#include "client/pager.h"
#include "client/report.h"
#include "client/since.h"

/* What is shown before what follows, as tail(1) does. */
#define LINES_BEFORE 10

typedef struct LogsOptions {
        char *job;
        char *since;
        int lines;
        gboolean follow, timestamps, no_pager;
} LogsOptions;

static void logs_options_clear(LogsOptions *options) {
        g_free(options->job);
        g_free(options->since);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(LogsOptions, logs_options_clear)

/* Returns 1, or -EINVAL when an error was told. */
static int check(const Verb *verb, const LogsOptions *options, OutputOptions *ret_output) {
        OutputOptions output = { .lines = OUTPUT_ALL_LINES, .timestamps = options->timestamps };

        if (options->lines < -1) {
                options_usage(verb, "--lines takes a number of lines");
                return -EINVAL;
        }
        if (options->lines >= 0)
                output.lines = (uint64_t) options->lines;
        else if (options->follow && !options->since)
                output.lines = LINES_BEFORE;
        if (options->since && since_parse(options->since, (uint64_t) g_get_real_time(), &output.since) < 0) {
                options_usage(
                        verb, "--since takes a time such as 10min, 14:30 or 2025-06-03, not '%s'", options->since);
                return -EINVAL;
        }
        *ret_output = output;
        return 1;
}

static int parse(
        const Verb *verb, LogsOptions *options, OutputOptions *output, int argc, char **argv, const char **ret_name) {
        const GOptionEntry entries[] = {
                OPTION_JOB(&options->job),
                { "follow", 'f', 0, G_OPTION_ARG_NONE, &options->follow, "Go on until the job ends", NULL },
                { "lines", 'n', 0, G_OPTION_ARG_INT, &options->lines,
                        "Only the last N lines (default: all; with --follow: 10)", "N" },
                { "tail", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_INT, &options->lines, NULL, NULL }, /* docker's */
                { "since", 'S', 0, G_OPTION_ARG_STRING, &options->since,
                        "From this time on: 10min, 14:30, yesterday, 2025-06-03 … (default: the job's start)", "TIME" },
                { "timestamps", 't', 0, G_OPTION_ARG_NONE, &options->timestamps, "The time in front of each line",
                        NULL },
                OPTION_NO_PAGER(&options->no_pager),
                { NULL },
        };
        int r;

        options->lines = -1;
        r = options_parse_job(verb, entries, &options->job, argc, argv, ret_name);
        return r <= 0 ? r : check(verb, options, output);
}

static int get(const char *name, JobInfo **ret_job, sd_bus_error *error) {
        g_autoptr(Connection) connection = NULL;
        g_autofree char *object = NULL;
        int r;

        r = job_lookup_open(name, &connection, &object, error);
        return r < 0 ? r : job_info_get(connection, object, ret_job, error);
}

/* What follows is to be seen as it comes, without a pager. */
static int show(const JobInfo *job, const LogsOptions *options, const OutputOptions *output, sd_bus_error *error) {
        int r;

        pager_open(!options->no_pager && !options->follow);
        r = output_show(job, output, options->follow, error);
        return pager_close() ? 0 : r;
}

int verb_logs(const Verb *verb, int argc, char **argv) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        g_auto(LogsOptions) options = { 0 };
        g_autoptr(JobInfo) job = NULL;
        OutputOptions output;
        const char *name;
        int r;

        r = parse(verb, &options, &output, argc, argv, &name);
        if (r <= 0)
                return options_exit_code(r);
        r = get(name, &job, &error);
        if (r >= 0)
                r = show(job, &options, &output, &error);
        return r < 0 ? report_failure(&error, r) : EXIT_SUCCESS;
}
