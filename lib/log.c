/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "helicopter/log.h"

#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>

static const char *program_name = "helicopter";
static bool to_journal;
static int highest_priority = LOG_INFO;

/* $JOURNAL_STREAM names the journal's socket as DEVICE:INODE (systemd.exec(5)); stderr may have been redirected since.
 */
static bool stderr_is_journal(void) {
        const char *stream = g_getenv("JOURNAL_STREAM");
        unsigned long long device, inode;
        struct stat status;

        if (!stream || sscanf(stream, "%llu:%llu", &device, &inode) != 2 || fstat(2, &status) < 0)
                return false;
        return status.st_dev == device && status.st_ino == inode;
}

void log_open(const char *program) {
        program_name = program;
        to_journal = stderr_is_journal();
        if (g_getenv("HELICOPTER_DEBUG"))
                highest_priority = LOG_DEBUG;
}

void log_message(int priority, const char *format, ...) {
        g_autofree char *text = NULL;
        va_list arguments;

        if (priority > highest_priority)
                return;
        va_start(arguments, format);
        text = g_strdup_vprintf(format, arguments);
        va_end(arguments);
        if (to_journal)
                fprintf(stderr, "<%d>%s\n", priority, text);
        else
                fprintf(stderr, "%s: %s\n", program_name, text);
}
