/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "daemon/unit-value.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>

#define MINUTE (60 * G_USEC_PER_SEC)
#define HOUR (60 * (uint64_t) MINUTE)
#define DAY (24 * HOUR)

/* As many as the kernel can be built for. */
#define CPUS_MAX 8192

typedef struct Factor {
        const char *name;
        uint64_t factor;
} Factor;

static const Factor *find_factor(const Factor *factors, const char *name, size_t length) {
        for (; factors->name; factors++)
                if (strlen(factors->name) == length && strncmp(factors->name, name, length) == 0)
                        return factors;
        return NULL;
}

/* A non-negative decimal number at *text, which is moved behind it. */
static int read_decimal(const char **text, double *ret_number) {
        size_t length = strspn(*text, "0123456789.");
        g_autofree char *digits = g_strndup(*text, length);
        char *end;

        if (length == 0 || !g_ascii_isdigit(**text))
                return -EINVAL;
        *ret_number = g_ascii_strtod(digits, &end);
        if (*end)
                return -EINVAL;
        *text += length;
        return 0;
}

/* UINT64_MAX itself means infinity, and a double near it may be rounded to more. */
static int multiply(double number, uint64_t factor, uint64_t *ret_product) {
        double product = number * (double) factor;

        if (product >= 18e18)
                return -EINVAL;
        *ret_product = (uint64_t) (product + 0.5);
        return 0;
}

int unit_value_size(const char *text, uint64_t *ret_size) {
        static const Factor units[] = { { "", 1 }, { "B", 1 }, { "K", 1 << 10 }, { "M", 1 << 20 }, { "G", 1 << 30 },
                { "T", UINT64_C(1) << 40 }, { "P", UINT64_C(1) << 50 }, { "E", UINT64_C(1) << 60 }, {} };
        const Factor *unit;
        double number;

        if (g_str_equal(text, "infinity")) {
                *ret_size = UINT64_MAX;
                return 0;
        }
        if (read_decimal(&text, &number) < 0)
                return -EINVAL;
        unit = find_factor(units, text, strlen(text));
        return unit ? multiply(number, unit->factor, ret_size) : -EINVAL;
}

int unit_value_percent(const char *text, uint64_t *ret_hundredths) {
        uint64_t hundredths;
        double number;

        if (read_decimal(&text, &number) < 0 || !g_str_equal(text, "%") || number > 1e9)
                return -EINVAL;
        hundredths = (uint64_t) (number * 100 + 0.5);
        if (ABS(number * 100 - (double) hundredths) > 1e-6)
                return -EINVAL;
        *ret_hundredths = hundredths;
        return 0;
}

int unit_value_span(const char *text, uint64_t *ret_microseconds) {
        static const Factor units[] = { { "", G_USEC_PER_SEC }, { "us", 1 }, { "usec", 1 }, { "ms", 1000 },
                { "msec", 1000 }, { "s", G_USEC_PER_SEC }, { "sec", G_USEC_PER_SEC }, { "second", G_USEC_PER_SEC },
                { "seconds", G_USEC_PER_SEC }, { "m", MINUTE }, { "min", MINUTE }, { "minute", MINUTE },
                { "minutes", MINUTE }, { "h", HOUR }, { "hr", HOUR }, { "hour", HOUR }, { "hours", HOUR }, { "d", DAY },
                { "day", DAY }, { "days", DAY }, { "w", 7 * DAY }, { "week", 7 * DAY }, { "weeks", 7 * DAY }, {} };
        uint64_t sum = 0;

        if (g_str_equal(text, "infinity")) {
                *ret_microseconds = UINT64_MAX;
                return 0;
        }
        do {
                const Factor *unit;
                uint64_t part;
                double number;
                size_t length;

                if (read_decimal(&text, &number) < 0)
                        return -EINVAL;
                text += strspn(text, " ");
                length = strspn(text, "abcdefghijklmnopqrstuvwxyz");
                unit = find_factor(units, text, length);
                if (!unit || multiply(number, unit->factor, &part) < 0 || sum + part < sum || sum + part == UINT64_MAX)
                        return -EINVAL;
                sum += part;
                text += length;
                text += strspn(text, " ");
        } while (*text);
        *ret_microseconds = sum;
        return 0;
}

int unit_value_integer(const char *text, int64_t low, int64_t high, int64_t *ret_number) {
        const char *digits = *text == '-' || *text == '+' ? text + 1 : text;
        gint64 number;

        if (!g_ascii_isdigit(*digits) || !g_ascii_string_to_signed(text, 10, low, high, &number, NULL))
                return -EINVAL;
        *ret_number = number;
        return 0;
}

int unit_value_mode(const char *text, uint32_t *ret_mode) {
        guint64 mode;

        if (!g_ascii_isdigit(*text) || !g_ascii_string_to_unsigned(text, 8, 0, 0777, &mode, NULL))
                return -EINVAL;
        *ret_mode = (uint32_t) mode;
        return 0;
}

int unit_value_signal(const char *text) {
        const char *name = g_str_has_prefix(text, "SIG") ? text + 3 : text;
        int64_t number;

        if (unit_value_integer(text, 1, SIGRTMAX, &number) == 0)
                return (int) number;
        for (int signal = 1; signal < NSIG; signal++) {
                const char *known = sigabbrev_np(signal);

                if (known && g_str_equal(known, name))
                        return signal;
        }
        return -EINVAL;
}

/* One of "3" and "0-3". */
static int read_range(const char *text, int64_t *ret_first, int64_t *ret_last) {
        g_auto(GStrv) ends = g_strsplit(text, "-", 2);

        if (!ends[0] || unit_value_integer(ends[0], 0, CPUS_MAX - 1, ret_first) < 0)
                return -EINVAL;
        *ret_last = *ret_first;
        return ends[1] ? unit_value_integer(ends[1], *ret_first, CPUS_MAX - 1, ret_last) : 0;
}

int unit_value_cpus(const char *text, GBytes **ret_set) {
        g_auto(GStrv) ranges = g_strsplit_set(text, ", ", -1);
        uint8_t bits[CPUS_MAX / 8] = {};
        gsize size = 0;

        for (char **range = ranges; *range; range++) {
                int64_t first, last;

                if (!**range) /* as between ", " */
                        continue;
                if (read_range(*range, &first, &last) < 0)
                        return -EINVAL;
                for (int64_t cpu = first; cpu <= last; cpu++)
                        bits[cpu / 8] |= (uint8_t) (1U << (cpu % 8));
                size = MAX(size, (gsize) last / 8 + 1);
        }
        if (size == 0)
                return -EINVAL;
        *ret_set = g_bytes_new(bits, size);
        return 0;
}
