/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the journal has of who was let in at a job: the entries that helicopterd makes. */

#include <glib.h>
#include <stdint.h>

typedef struct AuditEntry {
        uint64_t time; /* microseconds since the epoch */
        char *text;
} AuditEntry;

/*
 * The last entries of the jobs of that name, at most max, the newest last: an array of AuditEntry, freed with
 * g_ptr_array_unref(). Only those made since `since` (microseconds since the epoch). Empty where the journal cannot be
 * read: what is shown is of use without them, too.
 */
GPtrArray *audit_log_read(const char *job, uint64_t since, unsigned max);
