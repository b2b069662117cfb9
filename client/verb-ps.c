/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* ps: the processes of a job, each below its parent. */

#include <stdlib.h>

#include "client/connection.h"
#include "client/job-lookup.h"
#include "client/json.h"
#include "client/options.h"
#include "client/pager.h"
#include "client/process-list.h"
#include "client/report.h"
#include "client/text.h"

#define INDENT 2

/* Deeper than this the tree is not indented any more, so that the command stays in sight. */
#define DEEPEST 20

static char **make_row(char *pid, char *state, char *python, char *command) {
        char **row = g_new0(char *, 5);

        row[0] = pid;
        row[1] = state;
        row[2] = python;
        row[3] = command;
        return row;
}

static char **process_row(const JobProcess *process, unsigned depth) {
        g_autofree char *command = text_printable(process->command);

        return make_row(g_strdup_printf("%u", process->pid), g_strdup(process_list_state(process)),
                g_strdup(*process->python_version ? process->python_version : "-"),
                g_strdup_printf("%*s%s", (int) (INDENT * MIN(depth, DEEPEST)), "", command));
}

/* The processes below a parent. Only the main one's own parent is outside of the list, so each comes once. */
static void add_children(GPtrArray *rows, const GPtrArray *processes, uint32_t parent, unsigned depth) {
        for (guint i = 1; i < processes->len; i++) {
                const JobProcess *process = g_ptr_array_index(processes, i);

                if (process->parent_pid != parent || process->pid == parent)
                        continue;
                g_ptr_array_add(rows, process_row(process, depth));
                if (depth < processes->len)
                        add_children(rows, processes, process->pid, depth + 1);
        }
}

/* What has lost its own parent was taken in by the job's; it is shown beside the main process. */
static void add_orphans(GPtrArray *rows, const GPtrArray *processes) {
        for (guint i = 1; i < processes->len; i++) {
                const JobProcess *process = g_ptr_array_index(processes, i);

                if (process_list_find(processes, process->parent_pid))
                        continue;
                g_ptr_array_add(rows, process_row(process, 0));
                add_children(rows, processes, process->pid, 1);
        }
}

static void print_tree(const GPtrArray *processes) {
        g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func((GDestroyNotify) g_strfreev);
        const JobProcess *first = processes->len > 0 ? g_ptr_array_index(processes, 0) : NULL;

        g_ptr_array_add(rows, make_row(g_strdup("PID"), g_strdup("STATE"), g_strdup("PYTHON"), g_strdup("COMMAND")));
        if (first) {
                g_ptr_array_add(rows, process_row(first, 0));
                add_children(rows, processes, first->pid, 1);
        }
        add_orphans(rows, processes);
        text_print_table(stdout, rows, text_columns());
}

static void print_json(Json *json, const GPtrArray *processes) {
        json_begin_array(json, NULL);
        for (guint i = 0; i < processes->len; i++) {
                const JobProcess *process = g_ptr_array_index(processes, i);

                json_begin_object(json, NULL);
                json_add_number(json, "pid", process->pid);
                json_add_number(json, "parent_pid", process->parent_pid);
                json_add_string(json, "state", process_list_state(process));
                json_add_string(json, "python_version", process->python_version);
                json_add_string(json, "command", process->command);
                json_end_object(json);
        }
        json_end_array(json);
        json_print(json);
}

static int get(const char *name, GPtrArray **ret_processes, sd_bus_error *error) {
        g_autoptr(Connection) connection = NULL;
        g_autofree char *object = NULL;
        int r;

        r = job_lookup_open(name, &connection, &object, error);
        return r < 0 ? r : process_list_get(connection, object, ret_processes, error);
}

int verb_ps(const Verb *verb, int argc, char **argv) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        g_autoptr(GPtrArray) processes = NULL;
        g_autofree char *option = NULL;
        g_autoptr(Json) json = NULL;
        gboolean as_json = FALSE, no_pager = FALSE;
        const GOptionEntry entries[] = {
                OPTION_JOB(&option),
                OPTION_JSON(&as_json),
                OPTION_NO_PAGER(&no_pager),
                { NULL },
        };
        const char *name;
        int r;

        r = options_parse_job(verb, entries, &option, argc, argv, &name);
        if (r <= 0)
                return options_exit_code(r);
        r = as_json ? json_new(&json, &error) : 0;
        if (r >= 0)
                r = get(name, &processes, &error);
        if (r < 0)
                return report_failure(&error, r);
        pager_open(!no_pager);
        if (json)
                print_json(json, processes);
        else
                print_tree(processes);
        pager_close();
        return EXIT_SUCCESS;
}
