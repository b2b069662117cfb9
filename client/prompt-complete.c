/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/prompt-complete.h"

#include <glib.h>
#include <glob.h>
#include <string.h>

#include "client/complete.h"

static void add_candidate(const char *word, const char *description, void *userdata) {
        g_ptr_array_add(userdata, g_strdup(word));
}

static void add_files(const char *prefix, CompleteFiles kind, GPtrArray *candidates) {
        g_autoptr(GString) pattern = g_string_new(NULL);
        glob_t found = { 0 };

        for (const char *p = prefix; *p; p++) {
                if (strchr("*?[]\\", *p))
                        g_string_append_c(pattern, '\\');
                g_string_append_c(pattern, *p);
        }
        g_string_append_c(pattern, '*');
        if (glob(pattern->str, GLOB_MARK, NULL, &found) == 0)
                for (size_t i = 0; i < found.gl_pathc; i++)
                        if (kind != COMPLETE_DIRECTORIES || g_str_has_suffix(found.gl_pathv[i], "/"))
                                g_ptr_array_add(candidates, g_strdup(found.gl_pathv[i]));
        globfree(&found);
}

/* The words of the line, the last of which may be empty. */
static GPtrArray *split(const char *line) {
        GPtrArray *words = g_ptr_array_new_with_free_func(g_free);

        for (;;) {
                size_t length;

                line += strspn(line, " \t");
                length = strcspn(line, " \t");
                g_ptr_array_add(words, g_strndup(line, length));
                line += length;
                if (!*line)
                        return words;
        }
}

static void add_own_words(const char *prefix, GPtrArray *candidates) {
        static const char *const own[] = { "quit", "exit" };

        for (size_t i = 0; i < G_N_ELEMENTS(own); i++)
                if (g_str_has_prefix(own[i], prefix))
                        g_ptr_array_add(candidates, g_strdup(own[i]));
}

char **prompt_complete(const char *line) {
        g_autoptr(GPtrArray) words = split(line), candidates = g_ptr_array_new_with_free_func(g_free);
        const char *last = g_ptr_array_index(words, words->len - 1);
        CompleteFiles files;

        if (words->len == 1)
                add_own_words(last, candidates);
        files = complete((int) words->len, (char *const *) words->pdata, add_candidate, candidates);
        if (files != COMPLETE_NO_FILES)
                add_files(last, files, candidates);
        g_ptr_array_add(candidates, NULL);
        return (char **) g_ptr_array_steal(candidates, NULL);
}
