/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* list: the jobs as a table. */

#include <stdlib.h>

#include "client/connection.h"
#include "client/job-info.h"
#include "client/job-json.h"
#include "client/options.h"
#include "client/report.h"
#include "client/text.h"

static char *number_or_dash(uint32_t number) {
        return number > 0 ? g_strdup_printf("%u", number) : g_strdup("-");
}

static char *started_ago(const JobInfo *job) {
        uint64_t now = (uint64_t) g_get_real_time();
        g_autofree char *span = NULL;

        if (job->started == 0 || job->started > now)
                return text_timestamp(job->started);
        span = text_span(now - job->started);
        return g_strconcat(span, " ago", NULL);
}

static char **make_row(char *name, char *state, char *pid, char *started, char *tracer, char *command) {
        char **row = g_new0(char *, 7);

        row[0] = name;
        row[1] = state;
        row[2] = pid;
        row[3] = started;
        row[4] = tracer;
        row[5] = command;
        return row;
}

static char **job_row(const JobInfo *job) {
        return make_row(g_strdup(job->name), g_strdup(job->state), number_or_dash(job->pid), started_ago(job),
                number_or_dash(job->tracer_pid), job_info_command(job));
}

static void print_jobs(GPtrArray *jobs) {
        g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func((GDestroyNotify) g_strfreev);

        g_ptr_array_add(rows,
                make_row(g_strdup("NAME"), g_strdup("STATE"), g_strdup("PID"), g_strdup("STARTED"), g_strdup("TRACER"),
                        g_strdup("COMMAND")));
        for (guint i = 0; i < jobs->len; i++)
                g_ptr_array_add(rows, job_row(g_ptr_array_index(jobs, i)));
        text_print_table(stdout, rows, text_columns());
}

static void print_json(GPtrArray *jobs) {
        g_autoptr(JsonBuilder) builder = json_builder_new();

        json_builder_begin_array(builder);
        for (guint i = 0; i < jobs->len; i++)
                job_json_add(builder, g_ptr_array_index(jobs, i));
        json_builder_end_array(builder);
        json_print(builder);
}

static int get(GPtrArray **ret_jobs, sd_bus_error *error) {
        g_autoptr(Connection) connection = NULL;
        int r;

        r = connection_open(&connection, error);
        return r < 0 ? r : job_info_list(connection, ret_jobs, error);
}

int verb_list(const Verb *verb, int argc, char **argv) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        g_autoptr(GPtrArray) jobs = NULL;
        gboolean json = FALSE;
        const GOptionEntry entries[] = { OPTION_JSON(&json), { NULL } };
        int r;

        r = options_parse(verb, entries, &argc, &argv);
        if (r <= 0)
                return options_exit_code(r);
        if (argc > 1)
                return options_usage(verb, "Unexpected argument '%s'", argv[1]);
        r = get(&jobs, &error);
        if (r < 0) {
                report_failure(&error, r);
                return EXIT_FAILURE;
        }
        if (json)
                print_json(jobs);
        else if (jobs->len == 0)
                report_note("No jobs. 'helicopter-client run -- COMMAND' starts one.");
        else
                print_jobs(jobs);
        return EXIT_SUCCESS;
}
