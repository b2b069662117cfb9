/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/job-json.h"

/* A number that `none` stands for the lack of. */
static void add_number(Json *json, const char *key, gint64 value, gint64 none) {
        if (value != none)
                json_add_number(json, key, value);
        else
                json_add_null(json, key);
}

static void add_strings(Json *json, const char *key, char *const *strings) {
        json_begin_array(json, key);
        for (; strings && *strings; strings++)
                json_add_text(json, NULL, *strings);
        json_end_array(json);
}

static void add_where(Json *json, const JobWhere *where) {
        json_add_string(json, "file", where->file);
        add_number(json, "line", where->line, 0);
        json_add_string(json, "function", where->function);
        add_number(json, "memory", (gint64) where->memory, (gint64) JOB_WHERE_UNKNOWN);
        add_number(json, "cpu", (gint64) where->cpu, (gint64) JOB_WHERE_UNKNOWN);
        add_number(json, "workers", (gint64) where->workers, (gint64) JOB_WHERE_UNKNOWN);
}

void job_json_add(Json *json, const JobInfo *job, const JobWhere *where) {
        json_begin_object(json, NULL);
        json_add_string(json, "name", job->name);
        json_add_string(json, "state", job->state);
        add_number(json, "pid", job->pid, 0);
        add_number(json, "parent_pid", job->parent_pid, 0);
        json_add_string(json, "unit", job->unit);
        json_add_string(json, "control_group", job->control_group);
        add_strings(json, "command_line", job->command_line);
        json_add_string(json, "working_directory", job->working_directory);
        json_add_string(json, "log_path", job->log_path);
        json_add_string(json, "python_version", job->python_version);
        add_number(json, "start_timestamp", (gint64) job->started, 0);
        add_number(json, "end_timestamp", (gint64) job->ended, 0);
        add_number(json, "tracer_pid", job->tracer_pid, 0);
        json_add_string(json, "tracer_command", job->tracer_command);
        add_number(json, "tracer_since", (gint64) job->tracer_since, 0);
        add_number(json, "exit_code", job->exit_code, -1);
        add_number(json, "exit_signal", job->exit_signal, 0);
        json_add_string(json, "grant_policy", job->grant_policy);
        json_add_string(json, "failure_reason", job->failure_reason);
        if (where)
                add_where(json, where);
        json_end_object(json);
}
