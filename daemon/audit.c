/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "daemon/audit.h"

#define SD_JOURNAL_SUPPRESS_LOCATION
#include <string.h>
#include <systemd/sd-journal.h>

#include "helicopter/cleanup.h"

const AuditEvent audit_granted = { AUDIT_GRANTED, "may trace" };
const AuditEvent audit_script = { AUDIT_SCRIPT, "has a script run by" };
const AuditEvent audit_wake = { AUDIT_WAKE, "has woken" };
const AuditEvent audit_policy = { AUDIT_POLICY, "has changed the grant policy for" };

static void add(GPtrArray *fields, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void add(GPtrArray *fields, const char *format, ...) {
        va_list arguments;

        va_start(arguments, format);
        g_ptr_array_add(fields, g_strdup_vprintf(format, arguments));
        va_end(arguments);
}

/* A journal that cannot be written to is no reason to refuse or to keep a permission: the result is not looked at. */
static void send_entry(GPtrArray *fields) {
        g_autofree struct iovec *vector = g_new(struct iovec, fields->len);

        for (guint i = 0; i < fields->len; i++)
                vector[i] = (struct iovec) { fields->pdata[i], strlen(fields->pdata[i]) };
        sd_journal_sendv(vector, (int) fields->len);
}

static GPtrArray *new_entry(sd_id128_t id, const char *job_name, const Job *job) {
        GPtrArray *fields = g_ptr_array_new_with_free_func(g_free);

        add(fields, "MESSAGE_ID=" SD_ID128_FORMAT_STR, SD_ID128_FORMAT_VAL(id));
        add(fields, "PRIORITY=%i", LOG_NOTICE);
        add(fields, "HELICOPTER_JOB=%s", job_name);
        if (job && *job->told.unit)
                add(fields, "HELICOPTER_UNIT=%s", job->told.unit);
        return fields;
}

static void add_tracer(GPtrArray *fields, uint32_t pid, uid_t uid, const char *executable, uint32_t target_pid) {
        add(fields, "HELICOPTER_TRACER_PID=%u", pid);
        add(fields, "HELICOPTER_TRACER_UID=%u", uid);
        if (executable && *executable)
                add(fields, "HELICOPTER_TRACER_EXE=%s", executable);
        if (target_pid)
                add(fields, "HELICOPTER_TARGET_PID=%u", target_pid);
}

static void add_audit(GPtrArray *fields, const Audit *audit) {
        const Caller *caller = audit->caller;

        add_tracer(fields, (uint32_t) caller->pid, caller->uid, caller->executable, audit->target_pid);
        add(fields, "HELICOPTER_SECONDS=%.3f", audit->seconds);
}

/* For the entry that is made when the lease ends: then the tracer may be gone. */
static void remember_tracer(Job *job, uint32_t pid, uint32_t target_pid, const char *executable) {
        g_free(job->tracer_executable);
        job->tracer_executable = g_strdup(executable);
        job->tracer_known = pid;
        job->traced_pid = target_pid;
}

void audit_done(const Audit *audit, const AuditEvent *event) {
        g_autoptr(GPtrArray) fields = new_entry(event->id, audit->job_name, audit->job);
        const Caller *caller = audit->caller;

        add(fields, "MESSAGE=Job %s: pid %d (%s) %s pid %u.", audit->job_name, caller->pid, caller->command,
                event->what, audit->target_pid);
        add_audit(fields, audit);
        if (event == &audit_policy && audit->job)
                add(fields, "HELICOPTER_GRANT_POLICY=%s", audit->job->told.grant_policy);
        send_entry(fields);
        if (event == &audit_granted && audit->job)
                remember_tracer(audit->job, (uint32_t) caller->pid, audit->target_pid, caller->executable);
}

void audit_refused(const Audit *audit, const sd_bus_error *why) {
        g_autoptr(GPtrArray) fields = new_entry(AUDIT_REFUSED, audit->job_name, audit->job);

        add(fields, "MESSAGE=Job %s: pid %d (%s) was refused: %s", audit->job_name, audit->caller->pid,
                audit->caller->command, why->message ? why->message : why->name);
        add_audit(fields, audit);
        add(fields, "HELICOPTER_ERROR=%s", why->name);
        send_entry(fields);
}

static void audit_revoked(const Job *job, const JobProperties *before) {
        g_autoptr(GPtrArray) fields = new_entry(AUDIT_REVOKED, job->name, job);
        bool known = job->tracer_known == before->tracer_pid;

        add(fields, "MESSAGE=Job %s: pid %u (%s) may trace no longer.", job->name, before->tracer_pid,
                before->tracer_command);
        add_tracer(fields, before->tracer_pid, geteuid(), known ? job->tracer_executable : NULL,
                known ? job->traced_pid : 0);
        add(fields, "HELICOPTER_SECONDS=%.3f", (double) (g_get_monotonic_time() - job->tracer_since) / G_USEC_PER_SEC);
        send_entry(fields);
}

void audit_tracer_changed(Job *job, const JobProperties *before) {
        g_autofree char *link = g_strdup_printf("/proc/%u/exe", job->told.tracer_pid);
        g_autofree char *executable = NULL;

        if (before->tracer_pid != 0)
                audit_revoked(job, before);
        job->tracer_since = g_get_monotonic_time();
        if (job->told.tracer_pid == 0 || job->told.tracer_pid == job->tracer_known)
                return;
        executable = g_file_read_link(link, NULL);
        remember_tracer(job, job->told.tracer_pid, 0, executable);
}
