/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "helicopter/printable.h"

#include <glib.h>

char *printable(const char *text, size_t max) {
        g_autofree char *valid = g_utf8_make_valid(text, -1);
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
