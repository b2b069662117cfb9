/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A job's output in the journal. */

#include <stdio.h>
#include <string.h>
#include <systemd/sd-journal.h>

#include "client/output.h"

/* Beyond this a message is cut. */
#define LONGEST_MESSAGE ((size_t) 1 << 20)

#define FIELD "MESSAGE"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(sd_journal, sd_journal_close)

typedef struct JournalOutput {
        Output output;
        sd_journal *journal;
        bool timestamps;
        bool at_entry; /* it stands at one that was not copied yet */
} JournalOutput;

static void print_time(sd_journal *journal) {
        g_autoptr(GDateTime) moment = NULL;
        g_autofree char *text = NULL;
        uint64_t time;

        if (sd_journal_get_realtime_usec(journal, &time) < 0)
                return;
        moment = g_date_time_new_from_unix_local((gint64) (time / G_USEC_PER_SEC));
        text = moment ? g_date_time_format(moment, "%Y-%m-%dT%H:%M:%S%z") : NULL;
        printf("%s ", text ?: "-");
}

static void print_entry(const JournalOutput *output) {
        const void *data;
        size_t size;

        if (sd_journal_get_data(output->journal, FIELD, &data, &size) < 0 || size <= strlen(FIELD))
                return;
        if (output->timestamps)
                print_time(output->journal);
        fwrite((const char *) data + strlen(FIELD "="), 1, size - strlen(FIELD "="), stdout);
        putchar('\n');
}

static int journal_copy(Output *output) {
        JournalOutput *journal = (JournalOutput *) output;
        int r;

        /* Files that come and go are noticed here, too. */
        r = sd_journal_process(journal->journal);
        if (r < 0)
                return r;
        r = journal->at_entry ? 1 : sd_journal_next(journal->journal);
        if (r <= 0)
                return r;
        do
                print_entry(journal);
        while ((r = sd_journal_next(journal->journal)) > 0 && !ferror(stdout));
        journal->at_entry = false;
        return r < 0 ? r : 1;
}

static void journal_prepare(Output *output, short *ret_events, uint64_t *ret_timeout) {
        JournalOutput *journal = (JournalOutput *) output;
        int events = sd_journal_get_events(journal->journal);
        uint64_t now = (uint64_t) g_get_monotonic_time(), end;

        *ret_events = (short) MAX(events, 0);
        *ret_timeout = UINT64_MAX;
        if (sd_journal_get_timeout(journal->journal, &end) > 0 && end != UINT64_MAX)
                *ret_timeout = end > now ? end - now : 0;
}

static void journal_free(Output *output) {
        JournalOutput *journal = (JournalOutput *) output;

        sd_journal_close(journal->journal);
        g_free(journal);
}

static int add_match(sd_journal *journal, const char *field, const char *value) {
        g_autofree char *match = g_strconcat(field, "=", value, NULL);

        return sd_journal_add_match(journal, match, 0);
}

static int select_unit(sd_journal *journal, const char *unit) {
        g_autofree char *user = g_strdup_printf("%u", geteuid());
        int r;

        r = add_match(journal, "_SYSTEMD_USER_UNIT", unit);
        return r < 0 ? r : add_match(journal, "_UID", user);
}

/* Go that many entries back from the end. Returns 1 when it now stands at one, 0 when it stands before all that come. */
static int seek_back(sd_journal *journal, uint64_t lines) {
        int r;

        r = sd_journal_seek_tail(journal);
        if (r < 0)
                return r;
        r = sd_journal_previous_skip(journal, lines > 0 ? lines : 1);
        if (r < 0)
                return r;
        if (r > 0)
                return lines > 0;
        r = sd_journal_seek_head(journal);
        return r < 0 ? r : 0;
}

/* Whether the entry is older than that. */
static bool is_before(sd_journal *journal, uint64_t since) {
        uint64_t time;

        return sd_journal_get_realtime_usec(journal, &time) >= 0 && time < since;
}

static int seek(JournalOutput *output, const OutputOptions *options) {
        int r = 0;

        if (options->lines != OUTPUT_ALL_LINES) {
                r = seek_back(output->journal, options->lines);
                if (r < 0)
                        return r;
                output->at_entry = r > 0 && !is_before(output->journal, options->since);
                if (output->at_entry || r == 0)
                        return 0;
        }
        r = sd_journal_seek_realtime_usec(output->journal, options->since);
        return r < 0 ? r : 0;
}

int output_journal_open(const char *unit, const OutputOptions *options, Output **ret_output) {
        g_autoptr(Output) output = NULL;
        JournalOutput *journal = g_new0(JournalOutput, 1);
        int r;

        output = &journal->output;
        *output = (Output) { .copy = journal_copy, .prepare = journal_prepare, .free = journal_free, .fd = -1 };
        journal->timestamps = options->timestamps;
        r = sd_journal_open(&journal->journal, SD_JOURNAL_LOCAL_ONLY);
        if (r < 0)
                return r;
        r = sd_journal_set_data_threshold(journal->journal, LONGEST_MESSAGE);
        if (r < 0)
                return r;
        r = select_unit(journal->journal, unit);
        if (r < 0)
                return r;
        output->fd = sd_journal_get_fd(journal->journal); /* the journal's own */
        if (output->fd < 0)
                return output->fd;
        r = seek(journal, options);
        if (r < 0)
                return r;
        *ret_output = g_steal_pointer(&output);
        return 0;
}
