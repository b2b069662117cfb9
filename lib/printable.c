/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "helicopter/printable.h"

#include <glib.h>
#include <stdbool.h>

static bool is_ascii(const char *text) {
        while (*text > 0)
                text++;
        return *text == '\0';
}

/* Most text is ASCII; for that, GLib's part for Unicode need not get into the memory of each job's parent. */
char *valid_utf8(const char *text) {
        return is_ascii(text) ? g_strdup(text) : g_utf8_make_valid(text, -1);
}

char *printable(const char *text, size_t max) {
        g_autofree char *valid = valid_utf8(text);
        GString *result = g_string_new(NULL);

        for (const char *c = valid; *c; c = g_utf8_next_char(c)) {
                gunichar character = g_utf8_get_char(c);

                if ((size_t) (g_utf8_next_char(c) - valid) > max) {
                        g_string_append(result, "…");
                        break;
                }
                g_string_append_unichar(result, g_unichar_iscntrl(character) ? '?' : character);
        }
        return g_string_free(result, FALSE);
}
