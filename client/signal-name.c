/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/signal-name.h"

#include <errno.h>
#include <glib.h>
#include <signal.h>
#include <string.h>

static int check(gint64 number) {
        return number > 0 && number <= SIGRTMAX ? (int) number : -EINVAL;
}

static int parse_number(const char *text) {
        guint64 number;

        return g_ascii_string_to_unsigned(text, 10, 0, (guint64) SIGRTMAX, &number, NULL) ? check((gint64) number)
                                                                                          : -EINVAL;
}

/* What follows "RTMIN" or "RTMAX". */
static int parse_offset(int base, const char *offset, char sign) {
        int distance;

        if (!*offset)
                return base;
        distance = *offset == sign ? parse_number(offset + 1) : -EINVAL;
        if (distance < 0 || distance > SIGRTMAX - SIGRTMIN)
                return -EINVAL;
        return sign == '+' ? base + distance : base - distance;
}

int signal_name_parse(const char *name) {
        g_autofree char *upper = g_ascii_strup(name, -1);
        const char *bare = g_str_has_prefix(upper, "SIG") ? upper + strlen("SIG") : upper;

        if (g_str_has_prefix(bare, "RTMIN"))
                return parse_offset(SIGRTMIN, bare + strlen("RTMIN"), '+');
        if (g_str_has_prefix(bare, "RTMAX"))
                return parse_offset(SIGRTMAX, bare + strlen("RTMAX"), '-');
        for (int number = 1; number < NSIG; number++)
                if (g_strcmp0(sigabbrev_np(number), bare) == 0)
                        return number;
        return parse_number(name);
}
