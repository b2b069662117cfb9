/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/audit-log.h"

#include <errno.h>
#include <string.h>
#include <systemd/sd-journal.h>

#include "helicopter/audit-id.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(sd_journal, sd_journal_close)

static void entry_free(void *data) {
        AuditEntry *entry = data;

        g_free(entry->text);
        g_free(entry);
}

static int add_matches(sd_journal *journal, const char *job) {
        const sd_id128_t ids[] = { AUDIT_GRANTED, AUDIT_REFUSED, AUDIT_REVOKED, AUDIT_SCRIPT, AUDIT_WAKE,
                AUDIT_POLICY };
        g_autofree char *name = g_strdup_printf("HELICOPTER_JOB=%s", job);
        int r;

        r = sd_journal_add_match(journal, name, 0);
        /* Matches of the same field are alternatives. */
        for (size_t i = 0; r >= 0 && i < G_N_ELEMENTS(ids); i++) {
                g_autofree char *id = g_strdup_printf("MESSAGE_ID=" SD_ID128_FORMAT_STR, SD_ID128_FORMAT_VAL(ids[i]));

                r = sd_journal_add_match(journal, id, 0);
        }
        return r;
}

static AuditEntry *read_entry(sd_journal *journal) {
        g_autofree char *text = NULL;
        const void *data;
        uint64_t time;
        size_t size;

        if (sd_journal_get_realtime_usec(journal, &time) < 0 ||
                sd_journal_get_data(journal, "MESSAGE", &data, &size) < 0 || size < strlen("MESSAGE="))
                return NULL;
        text = g_strndup((const char *) data + strlen("MESSAGE="), size - strlen("MESSAGE="));
        AuditEntry *entry = g_new(AuditEntry, 1);
        *entry = (AuditEntry) { .time = time, .text = g_steal_pointer(&text) };
        return entry;
}

static int read_all(const char *job, uint64_t since, unsigned max, GPtrArray *entries) {
        g_autoptr(sd_journal) journal = NULL;
        int r;

        r = sd_journal_open(&journal, SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_CURRENT_USER);
        if (r < 0)
                return r;
        r = add_matches(journal, job);
        if (r >= 0)
                r = sd_journal_seek_tail(journal);
        if (r < 0)
                return r;
        while (entries->len < max && (r = sd_journal_previous(journal)) > 0) {
                AuditEntry *entry = read_entry(journal);

                if (!entry)
                        return -EBADMSG;
                g_ptr_array_insert(entries, 0, entry);
                if (entry->time >= since)
                        continue;
                g_ptr_array_remove_index(entries, 0);
                return 0;
        }
        return r;
}

GPtrArray *audit_log_read(const char *job, uint64_t since, unsigned max) {
        GPtrArray *entries = g_ptr_array_new_with_free_func(entry_free);

        read_all(job, since, max, entries);
        return entries;
}
