/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/job-json.h"

/* A number that `none` stands for the lack of. */
static void add_number(JsonBuilder *builder, const char *key, gint64 value, gint64 none) {
        if (value != none) {
                json_add_number(builder, key, value);
                return;
        }
        json_builder_set_member_name(builder, key);
        json_builder_add_null_value(builder);
}

static void add_strings(JsonBuilder *builder, const char *key, char *const *strings) {
        json_builder_set_member_name(builder, key);
        json_builder_begin_array(builder);
        for (; strings && *strings; strings++)
                json_builder_add_string_value(builder, *strings);
        json_builder_end_array(builder);
}

static void add_where(JsonBuilder *builder, const JobWhere *where) {
        json_add_string(builder, "file", where->file);
        add_number(builder, "line", where->line, 0);
        json_add_string(builder, "function", where->function);
        add_number(builder, "memory", (gint64) where->memory, (gint64) JOB_WHERE_UNKNOWN);
        add_number(builder, "cpu", (gint64) where->cpu, (gint64) JOB_WHERE_UNKNOWN);
        add_number(builder, "workers", (gint64) where->workers, (gint64) JOB_WHERE_UNKNOWN);
}

void job_json_add(JsonBuilder *builder, const JobInfo *job, const JobWhere *where) {
        json_builder_begin_object(builder);
        json_add_string(builder, "name", job->name);
        json_add_string(builder, "state", job->state);
        add_number(builder, "pid", job->pid, 0);
        add_number(builder, "parent_pid", job->parent_pid, 0);
        json_add_string(builder, "unit", job->unit);
        json_add_string(builder, "control_group", job->control_group);
        add_strings(builder, "command_line", job->command_line);
        json_add_string(builder, "working_directory", job->working_directory);
        json_add_string(builder, "log_path", job->log_path);
        json_add_string(builder, "python_version", job->python_version);
        add_number(builder, "start_timestamp", (gint64) job->started, 0);
        add_number(builder, "end_timestamp", (gint64) job->ended, 0);
        add_number(builder, "tracer_pid", job->tracer_pid, 0);
        json_add_string(builder, "tracer_command", job->tracer_command);
        add_number(builder, "tracer_since", (gint64) job->tracer_since, 0);
        add_number(builder, "exit_code", job->exit_code, -1);
        add_number(builder, "exit_signal", job->exit_signal, 0);
        json_add_string(builder, "grant_policy", job->grant_policy);
        json_add_string(builder, "failure_reason", job->failure_reason);
        if (where)
                add_where(builder, where);
        json_builder_end_object(builder);
}
