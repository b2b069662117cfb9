/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "daemon/audit.h"

#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#include "helicopter/cleanup.h"

/* A journal that cannot be written to is no reason to refuse or to keep a permission: the results are not looked at. */

static void record(const Job *job, uint32_t target_pid, const Caller *caller, sd_id128_t message, const char *does) {
        g_autofree char *id = g_strdup_printf(SD_ID128_FORMAT_STR, SD_ID128_FORMAT_VAL(message));

        sd_journal_send("MESSAGE=Job %s: pid %d (%s) %s pid %u.", job->name, caller->pid, caller->command, does,
                target_pid, "MESSAGE_ID=%s", id, "PRIORITY=%i", LOG_NOTICE, "HELICOPTER_JOB=%s", job->name,
                "HELICOPTER_UNIT=%s", job->told.unit, "HELICOPTER_TARGET_PID=%u", target_pid,
                "HELICOPTER_TRACER_PID=%d", caller->pid, "HELICOPTER_TRACER_UID=%u", caller->uid,
                "HELICOPTER_TRACER_EXE=%s", caller->executable, NULL);
}

void audit_granted(const Job *job, uint32_t target_pid, const Caller *caller) {
        record(job, target_pid, caller, AUDIT_GRANTED, "may trace");
}

void audit_script(const Job *job, uint32_t target_pid, const Caller *caller) {
        record(job, target_pid, caller, AUDIT_SCRIPT, "has a script run by");
}

void audit_refused(const char *job_name, uint32_t target_pid, const Caller *caller, const sd_bus_error *why) {
        g_autofree char *id = g_strdup_printf(SD_ID128_FORMAT_STR, SD_ID128_FORMAT_VAL(AUDIT_REFUSED));

        sd_journal_send("MESSAGE=Job %s: pid %d (%s) was refused: %s", job_name, caller->pid, caller->command,
                why->message ? why->message : why->name, "MESSAGE_ID=%s", id, "PRIORITY=%i", LOG_NOTICE,
                "HELICOPTER_JOB=%s", job_name, "HELICOPTER_TARGET_PID=%u", target_pid, "HELICOPTER_TRACER_PID=%d",
                caller->pid, "HELICOPTER_TRACER_UID=%u", caller->uid, "HELICOPTER_TRACER_EXE=%s", caller->executable,
                "HELICOPTER_ERROR=%s", why->name, NULL);
}

static void audit_revoked(const Job *job, const JobProperties *before) {
        g_autofree char *id = g_strdup_printf(SD_ID128_FORMAT_STR, SD_ID128_FORMAT_VAL(AUDIT_REVOKED));
        double seconds = (double) (g_get_monotonic_time() - job->tracer_since) / G_USEC_PER_SEC;

        sd_journal_send("MESSAGE=Job %s: pid %u (%s) may trace no longer.", job->name, before->tracer_pid,
                before->tracer_command, "MESSAGE_ID=%s", id, "PRIORITY=%i", LOG_NOTICE, "HELICOPTER_JOB=%s", job->name,
                "HELICOPTER_UNIT=%s", job->told.unit, "HELICOPTER_TRACER_PID=%u", before->tracer_pid,
                "HELICOPTER_SECONDS=%.3f", seconds, NULL);
}

void audit_tracer_changed(Job *job, const JobProperties *before) {
        if (before->tracer_pid != 0)
                audit_revoked(job, before);
        job->tracer_since = g_get_monotonic_time();
}
