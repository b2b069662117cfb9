/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/report.h"

#include <glib.h>
#include <langinfo.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/client-error.h"
#include "client/pager.h"

bool report_utf8(void) {
        return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

bool report_colours(FILE *stream) {
        const char *no_color = g_getenv("NO_COLOR"), *term = g_getenv("TERM");

        if (no_color && *no_color)
                return false;
        if (!term || strcmp(term, "dumb") == 0)
                return false;
        return stream == stdout ? pager_terminal() >= 0 : isatty(fileno(stream));
}

void report_note(const char *format, ...) {
        va_list arguments;

        va_start(arguments, format);
        vfprintf(stderr, format, arguments);
        va_end(arguments);
        fputc('\n', stderr);
}

void report_error(const char *format, ...) {
        va_list arguments;

        fprintf(stderr, "%shelicopter-client:%s ", report_colour(stderr, "1;31"), report_colour(stderr, "0"));
        va_start(arguments, format);
        vfprintf(stderr, format, arguments);
        va_end(arguments);
        fputc('\n', stderr);
}

void report_remedy(const char *name) {
        report_note("%s", client_error_remedy(name));
}

int report_failure(const sd_bus_error *error, int r) {
        if (sd_bus_error_is_set(error)) {
                report_error("%s", error->message ?: error->name);
                report_remedy(error->name);
        } else {
                report_error("%s", g_strerror(-r));
                report_remedy(CLIENT_ERROR_SYSTEM);
        }
        return EXIT_FAILURE;
}
