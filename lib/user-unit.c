/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "helicopter/user-unit.h"

#include <glib.h>
#include <stdbool.h>
#include <string.h>

/* The units that have processes of their own, and are no slice. */
static const char *const suffixes[] = { ".service", ".scope", ".socket", ".mount", ".swap" };

/* The next part of the path that is no slice, NULL at its end. */
static char *next(const char **path) {
        for (;;) {
                g_autofree char *part = NULL;
                size_t length;

                *path += strspn(*path, "/");
                length = strcspn(*path, "/");
                if (length == 0)
                        return NULL;
                part = g_strndup(*path, length);
                *path += length;
                if (!g_str_has_suffix(part, ".slice"))
                        return g_steal_pointer(&part);
        }
}

static bool is_unit(const char *name) {
        for (size_t i = 0; i < G_N_ELEMENTS(suffixes); i++)
                if (g_str_has_suffix(name, suffixes[i]) && strlen(name) > strlen(suffixes[i]))
                        return true;
        return false;
}

static bool is_manager(const char *name) {
        return (g_str_has_prefix(name, "user@") || g_str_has_prefix(name, "capsule@")) &&
                g_str_has_suffix(name, ".service");
}

char *user_unit_of_group(const char *group) {
        g_autofree char *manager = next(&group), *unit = NULL;
        const char *name;

        if (!manager || !is_manager(manager))
                return NULL;
        unit = next(&group);
        if (!unit)
                return NULL;
        name = unit[0] == '_' ? unit + 1 : unit;
        return is_unit(name) ? g_strdup(name) : NULL;
}
