/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "client/pager.h"
#include "client/report.h"
#include "helicopter/printable.h"

#define COLUMN_GAP 2
#define LEAST_LAST_COLUMN 8

char *text_printable(const char *string) {
        g_autofree char *valid = valid_utf8(string);
        GString *result = g_string_new(NULL);

        for (const char *p = valid; *p; p = g_utf8_next_char(p)) {
                gunichar character = g_utf8_get_char(p);

                if (g_unichar_isprint(character))
                        g_string_append_unichar(result, character);
                else
                        g_string_append_c(result, '?');
        }
        return g_string_free(result, FALSE);
}

char *text_timestamp(uint64_t time) {
        g_autoptr(GDateTime) moment =
                time > 0 ? g_date_time_new_from_unix_local((gint64) (time / G_USEC_PER_SEC)) : NULL;

        return moment ? g_date_time_format(moment, "%a %Y-%m-%d %H:%M:%S %Z") : g_strdup("-");
}

char *text_span(uint64_t span) {
        static const struct {
                const char *suffix;
                uint64_t seconds;
        } units[] = { { " days", 86400 }, { "h", 3600 }, { "min", 60 }, { "s", 1 } };
        uint64_t seconds = span / G_USEC_PER_SEC;

        for (size_t i = 0; i + 1 < G_N_ELEMENTS(units); i++) {
                uint64_t whole = seconds / units[i].seconds, rest = seconds % units[i].seconds / units[i + 1].seconds;
                const char *suffix = i == 0 && whole == 1 ? " day" : units[i].suffix;

                if (whole > 0 && rest > 0)
                        return g_strdup_printf("%" PRIu64 "%s %" PRIu64 "%s", whole, suffix, rest, units[i + 1].suffix);
                if (whole > 0)
                        return g_strdup_printf("%" PRIu64 "%s", whole, suffix);
        }
        return g_strdup_printf("%" PRIu64 "s", seconds);
}

char *text_duration(uint64_t duration) {
        if (duration >= 60 * G_USEC_PER_SEC)
                return text_span(duration);
        return g_strdup_printf("%.1fs", (double) duration / G_USEC_PER_SEC);
}

char *text_bytes(uint64_t bytes) {
        static const char suffixes[] = "BKMGTPE";
        double number = (double) bytes;
        size_t i = 0;

        for (; number >= 1024 && suffixes[i + 1]; i++)
                number /= 1024;
        return i == 0 ? g_strdup_printf("%" PRIu64 "B", bytes) : g_strdup_printf("%.1f%c", number, suffixes[i]);
}

unsigned text_columns(void) {
        const char *columns = g_getenv("COLUMNS");
        int terminal = pager_terminal();
        struct winsize size;

        if (terminal < 0)
                return 0;
        if (columns && atoi(columns) > 0)
                return (unsigned) atoi(columns);
        if (ioctl(terminal, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
                return size.ws_col;
        return 80;
}

static unsigned character_width(gunichar character) {
        if (g_unichar_iszerowidth(character))
                return 0;
        return g_unichar_iswide(character) ? 2 : 1;
}

unsigned text_width(const char *string) {
        unsigned width = 0;

        for (; *string; string = g_utf8_next_char(string))
                width += character_width(g_utf8_get_char(string));
        return width;
}

/* The bytes of the string's beginning that take at most `width` columns. */
static size_t fitting(const char *string, unsigned width) {
        const char *p = string;

        for (; *p; p = g_utf8_next_char(p)) {
                unsigned needed = character_width(g_utf8_get_char(p));

                if (needed > width)
                        break;
                width -= needed;
        }
        return (size_t) (p - string);
}

static const char *ellipsis(void) {
        return report_utf8() ? "…" : "...";
}

/* The string's end, which takes at most `width` columns, with an ellipsis in front. */
static char *cut_beginning(const char *string, unsigned width) {
        unsigned left = width > text_width(ellipsis()) ? width - text_width(ellipsis()) : 0;

        while (text_width(string) > left)
                string = g_utf8_next_char(string);
        return g_strconcat(ellipsis(), string, NULL);
}

/* "~/project/train.py" */
static char *shorten_home(const char *path) {
        const char *home = g_getenv("HOME");
        size_t length = home ? strlen(home) : 0;

        if (length < 2 || strncmp(path, home, length) != 0 || path[length] != '/')
                return g_strdup(path);
        return g_strconcat("~", path + length, NULL);
}

char *text_path(const char *path, unsigned width) {
        g_autofree char *full = shorten_home(path), *root = NULL;
        const char *slash = strchr(full, '/');

        if (width == 0 || text_width(full) <= width)
                return g_steal_pointer(&full);
        if (!slash)
                return cut_beginning(full, width);
        root = g_strndup(full, (size_t) (slash - full) + 1);
        while ((slash = strchr(slash + 1, '/'))) {
                g_autofree char *shorter = g_strconcat(root, ellipsis(), slash, NULL);

                if (text_width(shorter) <= width)
                        return g_steal_pointer(&shorter);
        }
        slash = strrchr(full, '/') + 1;
        return text_width(slash) <= width ? g_strdup(slash) : cut_beginning(slash, width);
}

void text_append_wrapped(GString *text, const char *words, unsigned indent, unsigned width) {
        unsigned room = width > indent + LEAST_LAST_COLUMN ? width - indent : LEAST_LAST_COLUMN;

        for (;;) {
                size_t length = fitting(words, room);
                const char *blank = words[length] ? g_strrstr_len(words, (gssize) length + 1, " ") : NULL;

                if (blank)
                        length = (size_t) (blank - words);
                g_string_append_len(text, words, (gssize) length);
                words += length + (blank != NULL);
                if (!*words)
                        return;
                g_string_append_printf(text, "\n%*s", (int) indent, "");
        }
}

static GArray *measure(GPtrArray *rows) {
        GArray *widths = g_array_new(FALSE, TRUE, sizeof(unsigned));

        for (guint row = 0; row < rows->len; row++) {
                char **cells = g_ptr_array_index(rows, row);

                for (guint column = 0; cells[column]; column++) {
                        if (column >= widths->len)
                                g_array_set_size(widths, column + 1);
                        g_array_index(widths, unsigned, column) =
                                MAX(g_array_index(widths, unsigned, column), text_width(cells[column]));
                }
        }
        return widths;
}

static void print_row(FILE *stream, char **cells, GArray *widths, unsigned width) {
        unsigned used = 0;

        for (guint column = 0; cells[column]; column++) {
                if (cells[column + 1]) {
                        unsigned padding =
                                g_array_index(widths, unsigned, column) - text_width(cells[column]) + COLUMN_GAP;

                        fprintf(stream, "%s%*s", cells[column], (int) padding, "");
                        used += g_array_index(widths, unsigned, column) + COLUMN_GAP;
                } else if (width > 0) {
                        unsigned left = width > used + LEAST_LAST_COLUMN ? width - used : LEAST_LAST_COLUMN;

                        fprintf(stream, "%.*s\n", (int) fitting(cells[column], left), cells[column]);
                } else {
                        fprintf(stream, "%s\n", cells[column]);
                }
        }
}

void text_print_table(FILE *stream, GPtrArray *rows, unsigned width) {
        g_autoptr(GArray) widths = measure(rows);

        for (guint row = 0; row < rows->len; row++)
                print_row(stream, g_ptr_array_index(rows, row), widths, width);
}

unsigned text_table_width(GPtrArray *rows) {
        g_autoptr(GArray) widths = measure(rows);
        unsigned width = 0;

        for (guint column = 0; column < widths->len; column++)
                width += g_array_index(widths, unsigned, column) + COLUMN_GAP;
        return width;
}
