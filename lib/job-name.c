/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "helicopter/job-name.h"

#include <glib.h>
#include <string.h>

static bool may_begin(char c) {
        return g_ascii_isalnum(c);
}

static bool may_follow(char c) {
        return g_ascii_isalnum(c) || c == '_' || c == '.' || c == '-';
}

bool job_name_is_valid(const char *name) {
        size_t length = strnlen(name, JOB_NAME_MAX + 1);

        if (length == 0 || length > JOB_NAME_MAX || !may_begin(name[0]))
                return false;
        for (size_t i = 1; i < length; i++)
                if (!may_follow(name[i]))
                        return false;
        return true;
}

/* The word of a command that tells best what it does. */
static const char *telling_word(const char *const *argv) {
        for (size_t i = 0; argv[i]; i++)
                if (g_str_has_suffix(argv[i], ".py"))
                        return argv[i];
        for (size_t i = 0; argv[i]; i++)
                if (strcmp(argv[i], "-m") == 0 && argv[i + 1])
                        return argv[i + 1];
        return argv[0] ? argv[0] : "";
}

char *job_name_from_command(const char *const *argv) {
        g_autofree char *name = g_path_get_basename(telling_word(argv));
        char *begin = name;

        if (g_str_has_suffix(name, ".py"))
                name[strlen(name) - strlen(".py")] = '\0';
        while (*begin && !may_begin(*begin))
                begin++;
        for (char *c = begin; *c; c++)
                if (!may_follow(*c))
                        *c = '-';
        return g_strndup(*begin ? begin : "job", JOB_NAME_MAX);
}

char *job_name_numbered(const char *name, unsigned number) {
        g_autofree char *suffix = g_strdup_printf("-%u", number);
        int front = JOB_NAME_MAX - (int) strlen(suffix);

        return g_strdup_printf("%.*s%s", front, name, suffix);
}
