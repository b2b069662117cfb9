/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* status: what is known of one job, for people. */

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "client/audit-log.h"
#include "client/client-error.h"
#include "client/connection.h"
#include "client/exit-code.h"
#include "client/job-info.h"
#include "client/job-json.h"
#include "client/job-lookup.h"
#include "client/job-where.h"
#include "client/options.h"
#include "client/pager.h"
#include "client/report.h"
#include "client/text.h"
#include "helicopter/error.h"

/* How many of the journal's last entries on who was let in are shown. */
#define AUDIT_SHOWN 5

static void print_line(const char *key, const char *value) {
        g_autofree char *printable = text_printable(value ?: "");

        if (*printable)
                printf("%10s%c %s\n", key, *key ? ':' : ' ', printable);
}

static void print_title(const JobInfo *job) {
        const char *colour = report_colour(stdout, "1;32");

        if (strcmp(job->state, "failed") == 0)
                colour = report_colour(stdout, "1;31");
        else if (strcmp(job->state, "running") != 0)
                colour = "";
        printf("%s%s%s %s\n", colour, report_utf8() ? "●" : "*", *colour ? report_colour(stdout, "0") : "", job->name);
}

static void print_state(const JobInfo *job) {
        uint64_t since = job_info_ended(job) ? job->ended : job->started, now = (uint64_t) g_get_real_time();
        g_autofree char *moment = text_timestamp(since);
        g_autofree char *outcome = job_info_outcome(job);
        g_autofree char *span = text_span(now > since ? now - since : 0);
        g_autoptr(GString) line = g_string_new(job->state);

        if (job_info_ended(job))
                g_string_append_printf(line, " (%s)", outcome);
        if (since > 0)
                g_string_append_printf(line, " since %s; %s ago", moment, span);
        print_line("State", line->str);
        if (job_info_ended(job) && job->ended > job->started && job->started > 0) {
                g_autofree char *duration = text_span(job->ended - job->started);

                print_line("Ran for", duration);
        }
}

static void print_process(const char *key, uint32_t pid, const char *detail) {
        g_autofree char *line =
                detail && *detail ? g_strdup_printf("%u (%s)", pid, detail) : g_strdup_printf("%u", pid);

        if (pid > 0)
                print_line(key, line);
}

static void print_where(const JobWhere *where) {
        g_autofree char *position = job_where_position(where);
        g_autofree char *memory = where->memory == JOB_WHERE_UNKNOWN ? NULL : text_bytes(where->memory);
        g_autofree char *cpu = where->cpu == JOB_WHERE_UNKNOWN ? NULL : text_duration(where->cpu);
        g_autofree char *workers =
                where->workers == JOB_WHERE_UNKNOWN ? NULL : g_strdup_printf("%" PRIu64, where->workers);

        print_line("Where", position);
        print_line("Memory", memory);
        print_line("CPU", cpu);
        print_line("Workers", workers);
}

static void print_audit(const JobInfo *job) {
        g_autoptr(GPtrArray) entries = audit_log_read(job->name, job->started, AUDIT_SHOWN);

        for (guint i = 0; i < entries->len; i++) {
                const AuditEntry *entry = entries->pdata[i];
                g_autofree char *moment = text_timestamp(entry->time);
                g_autofree char *line = g_strdup_printf("%s: %s", moment, entry->text);

                print_line(i == 0 ? "Access" : "", line);
        }
}

static void print_job(const JobInfo *job, const JobWhere *where) {
        g_autofree char *command = job_info_command(job);

        print_title(job);
        print_state(job);
        print_where(where);
        print_process("PID", job->pid, NULL);
        print_process("Parent", job->parent_pid, "helicopter-parent");
        print_line("Unit", job->unit);
        print_line("CGroup", job->control_group);
        print_line("Command", command);
        print_line("Folder", job->working_directory);
        print_line("Output", job->log_path);
        print_line("Python", job->python_version);
        print_line("Policy", job->grant_policy);
        print_process("Tracer", job->tracer_pid, job->tracer_command);
        print_audit(job);
}

static void print_json(Json *json, const JobInfo *job, const JobWhere *where) {
        job_json_add(json, job, where);
        json_print(json);
}

static int failure(const sd_bus_error *error, int r) {
        report_failure(error, r);
        if (sd_bus_error_has_name(error, HELICOPTER_ERROR_NO_SUCH_JOB))
                return EXIT_UNKNOWN_JOB;
        return sd_bus_error_has_name(error, CLIENT_ERROR_NO_JOB) ? EXIT_NOT_RUNNING : EXIT_FAILURE;
}

static int get(const char *name, JobInfo **ret_job, JobWhere **ret_where, sd_bus_error *error) {
        g_autoptr(Connection) connection = NULL;
        g_autofree char *object = NULL;
        int r;

        r = job_lookup_open(name, &connection, &object, error);
        if (r >= 0)
                r = job_info_get(connection, object, ret_job, error);
        if (r >= 0)
                *ret_where = job_where_ask_one(connection, *ret_job);
        return r;
}

int verb_status(const Verb *verb, int argc, char **argv) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        g_autoptr(JobInfo) job = NULL;
        g_autoptr(JobWhere) where = NULL;
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
                r = get(name, &job, &where, &error);
        if (r < 0)
                return failure(&error, r);
        pager_open(!no_pager);
        if (json)
                print_json(json, job, where);
        else
                print_job(job, where);
        pager_close();
        return job_info_ended(job) ? EXIT_NOT_RUNNING : EXIT_SUCCESS;
}
