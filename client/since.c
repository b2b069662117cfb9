/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/since.h"

#include <errno.h>
#include <glib.h>
#include <string.h>

#define LONGEST_SPAN (G_MAXINT64 / G_USEC_PER_SEC / 2)

static const struct {
        const char *name;
        uint64_t seconds;
} units[] = {
        { "", 1 },
        { "s", 1 },
        { "sec", 1 },
        { "m", 60 },
        { "min", 60 },
        { "h", 3600 },
        { "hour", 3600 },
        { "hours", 3600 },
        { "d", 86400 },
        { "day", 86400 },
        { "days", 86400 },
        { "w", 604800 },
        { "week", 604800 },
        { "weeks", 604800 },
};

/* The unit that p begins with, in seconds, or 0; p is moved behind it. */
static uint64_t parse_unit(const char **p) {
        size_t length = 0;

        while (g_ascii_isalpha((*p)[length]))
                length++;
        for (size_t i = 0; i < G_N_ELEMENTS(units); i++)
                if (strlen(units[i].name) == length && g_ascii_strncasecmp(units[i].name, *p, length) == 0) {
                        *p += length;
                        return units[i].seconds;
                }
        return 0;
}

static const char *skip_spaces(const char *p) {
        return p + strspn(p, " ");
}

static int parse_span(const char *text, uint64_t now, uint64_t *ret_time) {
        const char *p = skip_spaces(*text == '-' ? text + 1 : text);
        uint64_t span = 0;

        do {
                uint64_t count, seconds;
                char *end;

                if (!g_ascii_isdigit(*p))
                        return -EINVAL;
                count = g_ascii_strtoull(p, &end, 10);
                p = skip_spaces(end);
                if (g_ascii_isdigit(*p)) /* two numbers */
                        return -EINVAL;
                seconds = g_str_equal(p, "ago") ? 1 : parse_unit(&p);
                if (seconds == 0 || count > LONGEST_SPAN / seconds || span > LONGEST_SPAN - count * seconds)
                        return -EINVAL;
                span += count * seconds;
                p = skip_spaces(p);
        } while (*p && !g_str_equal(p, "ago"));
        *ret_time = now / G_USEC_PER_SEC > span ? now - span * G_USEC_PER_SEC : 0;
        return 0;
}

/* A moment of the day that began so many days ago. */
static int at_day(uint64_t now, int days_ago, const char *clock, uint64_t *ret_time) {
        g_autoptr(GDateTime) today = g_date_time_new_from_unix_local((gint64) (now / G_USEC_PER_SEC));
        g_autoptr(GDateTime) day = today ? g_date_time_add_days(today, -days_ago) : NULL;
        g_autofree char *date = day ? g_date_time_format(day, "%Y-%m-%d ") : NULL;
        g_autofree char *full = date ? g_strconcat(date, clock, NULL) : NULL;

        return full ? since_parse(full, now, ret_time) : -EINVAL;
}

static int parse_date(const char *text, uint64_t *ret_time) {
        g_autoptr(GTimeZone) local = g_time_zone_new_local();
        g_autoptr(GDateTime) moment = NULL;
        g_autofree char *full = NULL;

        /* GLib wants the seconds, too. */
        if (strlen(text) == strlen("2025-06-03"))
                full = g_strconcat(text, "T00:00:00", NULL);
        else if (strlen(text) == strlen("2025-06-03 14:30"))
                full = g_strconcat(text, ":00", NULL);
        moment = g_date_time_new_from_iso8601(full ?: text, local);
        if (!moment || g_date_time_to_unix(moment) < 0)
                return -EINVAL;
        *ret_time = (uint64_t) g_date_time_to_unix(moment) * G_USEC_PER_SEC;
        return 0;
}

static bool is_clock(const char *text) {
        return strlen(text) >= strlen("14:30") && text[2] == ':';
}

int since_parse(const char *text, uint64_t now, uint64_t *ret_time) {
        if (g_str_equal(text, "today"))
                return at_day(now, 0, "00:00", ret_time);
        if (g_str_equal(text, "yesterday"))
                return at_day(now, 1, "00:00", ret_time);
        if (g_str_equal(text, "now"))
                return parse_span("0", now, ret_time);
        if (is_clock(text))
                return at_day(now, 0, text, ret_time);
        return strlen(text) > 4 && text[4] == '-' ? parse_date(text, ret_time) : parse_span(text, now, ret_time);
}
