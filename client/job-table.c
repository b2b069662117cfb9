/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/job-table.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "client/job-info.h"
#include "client/job-where.h"
#include "client/text.h"

/* In the long table the command comes behind the position, and is left out where less than this would be left for it. */
#define LEAST_COMMAND 16

/* Which columns there are, besides those that always are. */
typedef struct Layout {
        bool usage, position, command;
        unsigned width; /* of the position; 0: as wide as it is */
} Layout;

static void free_row(gpointer row) {
        g_strfreev(row);
}

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

static char *memory(const JobWhere *where) {
        return where->memory == JOB_WHERE_UNKNOWN ? g_strdup("-") : text_bytes(where->memory);
}

static char *cpu(const JobWhere *where) {
        return where->cpu == JOB_WHERE_UNKNOWN ? g_strdup("-") : text_duration(where->cpu);
}

static char *workers(const JobWhere *where) {
        return where->workers == JOB_WHERE_UNKNOWN ? g_strdup("-") : g_strdup_printf("%" PRIu64, where->workers);
}

/* Where the file's name would not be left beside it, the function is left out. */
static char *position(const JobWhere *where, unsigned width) {
        g_autofree char *whole = job_where_position(where), *line = NULL, *path = NULL;
        const char *slash, *rest;
        unsigned taken;

        if (!whole)
                return g_strdup("-");
        if (width == 0)
                return g_steal_pointer(&whole);
        slash = strrchr(where->file, '/');
        line = g_strdup_printf(":%" PRIu32, where->line);
        rest = whole + strlen(where->file);
        if (text_width(slash ? slash + 1 : where->file) + text_width(rest) > width)
                rest = line;
        taken = text_width(rest);
        path = text_path(where->file, width > taken ? width - taken : 1);
        return g_strconcat(path, rest, NULL);
}

static char **header(const Layout *layout) {
        g_autoptr(GStrvBuilder) row = g_strv_builder_new();

        g_strv_builder_add_many(row, "NAME", "STATE", "PID", "STARTED", "TRACER", NULL);
        if (layout->usage)
                g_strv_builder_add_many(row, "MEMORY", "CPU", "WORKERS", NULL);
        if (layout->position)
                g_strv_builder_add(row, "WHERE");
        if (layout->command)
                g_strv_builder_add(row, "COMMAND");
        return g_strv_builder_end(row);
}

static void take(GPtrArray *row, char *cell) {
        g_ptr_array_add(row, cell);
}

static char **make_row(const JobInfo *job, const JobWhere *where, const Layout *layout) {
        GPtrArray *row = g_ptr_array_new();

        take(row, g_strdup(job->name));
        take(row, g_strdup(job->state));
        take(row, number_or_dash(job->pid));
        take(row, started_ago(job));
        take(row, number_or_dash(job->tracer_pid));
        if (layout->usage) {
                take(row, memory(where));
                take(row, cpu(where));
                take(row, workers(where));
        }
        if (layout->position)
                take(row, position(where, layout->width));
        if (layout->command)
                take(row, job_info_command(job));
        take(row, NULL);
        return (char **) g_ptr_array_free(row, FALSE);
}

static GPtrArray *make_table(GPtrArray *jobs, GPtrArray *found, const Layout *layout) {
        GPtrArray *rows = g_ptr_array_new_with_free_func(free_row);

        g_ptr_array_add(rows, header(layout));
        for (guint i = 0; i < jobs->len; i++)
                g_ptr_array_add(rows, make_row(jobs->pdata[i], found ? found->pdata[i] : NULL, layout));
        return rows;
}

/* The widest position that there is. */
static unsigned longest_position(GPtrArray *found) {
        unsigned longest = 0;

        for (guint i = 0; i < found->len; i++) {
                g_autofree char *cell = position(found->pdata[i], UINT16_MAX);

                longest = MAX(longest, text_width(cell));
        }
        return longest;
}

/* columns: of the terminal; 0: there is none, and no limit. */
static Layout fit(GPtrArray *jobs, GPtrArray *found, unsigned columns) {
        Layout layout = { .usage = true };
        g_autoptr(GPtrArray) fixed = make_table(jobs, found, &layout);
        unsigned used = text_table_width(fixed), room = columns > used ? columns - used : 1;

        layout.position = true;
        layout.command = columns == 0 || longest_position(found) + LEAST_COMMAND <= room;
        if (columns > 0)
                layout.width = layout.command ? UINT16_MAX : room;
        return layout;
}

void job_table_print(GPtrArray *jobs, GPtrArray *found) {
        const unsigned columns = text_columns();
        const Layout layout = found ? fit(jobs, found, columns) : (Layout) { .command = true };
        g_autoptr(GPtrArray) rows = make_table(jobs, found, &layout);

        text_print_table(stdout, rows, columns);
}
