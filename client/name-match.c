/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/name-match.h"

#include <glib.h>
#include <string.h>

/* The longest name of a job; verbs are shorter. */
#define LONGEST 64

#define LETTERS_PER_SLIP 3

const char *name_match_prefix(const char *const *names, const char *prefix, char **ret_several) {
        g_autoptr(GString) several = g_string_new(NULL);
        const char *found = NULL;
        unsigned count = 0;

        for (; *names; names++) {
                if (!g_str_has_prefix(*names, prefix))
                        continue;
                g_string_append_printf(several, "%s%s", count++ > 0 ? ", " : "", *names);
                found = *names;
        }
        if (count > 1 && ret_several)
                *ret_several = g_strdup(several->str);
        return count == 1 ? found : NULL;
}

/* The optimal string alignment distance of two strings, of which neither is longer than LONGEST. */
static unsigned distance(const char *a, const char *b) {
        unsigned table[LONGEST + 1][LONGEST + 1];
        size_t rows = strlen(a), columns = strlen(b);

        for (size_t i = 0; i <= rows; i++)
                table[i][0] = (unsigned) i;
        for (size_t j = 0; j <= columns; j++)
                table[0][j] = (unsigned) j;
        for (size_t i = 1; i <= rows; i++)
                for (size_t j = 1; j <= columns; j++) {
                        unsigned wrong = table[i - 1][j - 1] + (a[i - 1] != b[j - 1]);

                        table[i][j] = MIN(wrong, 1 + MIN(table[i - 1][j], table[i][j - 1]));
                        if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                                table[i][j] = MIN(table[i][j], table[i - 2][j - 2] + 1);
                }
        return table[rows][columns];
}

const char *name_match_nearest(const char *const *names, const char *typed) {
        unsigned best = (unsigned) MAX(strlen(typed) / LETTERS_PER_SLIP, 1) + 1;
        const char *nearest = NULL;

        if (strlen(typed) < 2 || strlen(typed) > LONGEST)
                return NULL;
        for (; *names; names++) {
                unsigned slips = strlen(*names) <= LONGEST ? distance(typed, *names) : best;

                if (slips >= best)
                        continue;
                best = slips;
                nearest = *names;
        }
        return nearest;
}
