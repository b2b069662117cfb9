/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/help.h"

#include <string.h>

#include "client/report.h"
#include "client/text.h"
#include "client/verb.h"

#define OPTIONS "[OPTION…]"

static void add_row(GPtrArray *rows, const char *usage, const char *summary) {
        char **row = g_new0(char *, 3);

        row[0] = g_strconcat("  ", usage, NULL);
        row[1] = g_strdup(summary);
        g_ptr_array_add(rows, row);
}

/* Without what all have. */
static const char *own_arguments(const Verb *verb) {
        const char *arguments = verb->arguments;

        if (g_str_has_prefix(arguments, OPTIONS))
                arguments += strlen(OPTIONS);
        return arguments + strspn(arguments, " ");
}

void help_print_verbs(const char *const *more) {
        g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func((GDestroyNotify) g_strfreev);

        for (const Verb *verb = verb_next(NULL); verb; verb = verb_next(verb)) {
                const char *arguments = own_arguments(verb);
                g_autofree char *usage = g_strjoin(*arguments ? " " : "", verb->name, arguments, NULL);

                add_row(rows, usage, verb->summary);
        }
        for (; more && *more; more += 2)
                add_row(rows, more[0], more[1]);
        text_print_table(stdout, rows, 0);
}

bool help_is_of_verb(int *argc, char **argv, char *ret_argv[3]) {
        static char option[] = "--help";

        if (*argc < 2 || *argv[1] == '-')
                return false;
        ret_argv[0] = argv[1];
        ret_argv[1] = option;
        ret_argv[2] = NULL;
        *argc = 2;
        return true;
}

void help_suggest(const char *word, const char *program) {
        const char *nearest = verb_nearest(word);

        if (g_str_has_suffix(word, ".py"))
                report_note("'%srun %s' starts it as a job.", program, word);
        else if (nearest)
                report_note("Did you mean '%s'?", nearest);
        else
                report_note("'%shelp' shows the verbs that there are.", program);
}
