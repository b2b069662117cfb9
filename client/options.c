/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/options.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/exit-code.h"
#include "client/name-match.h"
#include "client/report.h"
#include "client/text.h"

/* A terminal's, less one. */
#define HELP_WIDTH 79

#define LONGEST_TIME (366.0 * 24 * 60 * 60)

/* Where options_list() has a verb's options told to, while it does. */
static struct {
        OptionsCollect collect;
        void *userdata;
} listing;

static void tell_options(const GOptionEntry *entries) {
        for (; entries && entries->long_name; entries++)
                if (!(entries->flags & G_OPTION_FLAG_HIDDEN))
                        listing.collect(entries, listing.userdata);
}

void options_list(const Verb *verb, OptionsCollect collect, void *userdata) {
        static const GOptionEntry help = { "help", 'h', 0, G_OPTION_ARG_NONE, NULL, "Show this help", NULL };
        char *argv[] = { (char *) verb->name, NULL };

        listing.collect = collect;
        listing.userdata = userdata;
        verb->run(verb, 1, argv);
        listing.collect = NULL;
        collect(&help, userdata);
}

static char *usage_line(const Verb *verb) {
        return g_strdup_printf(
                "Usage: helicopter-client %s%s%s", verb->name, *verb->arguments ? " " : "", verb->arguments);
}

int options_usage(const Verb *verb, const char *format, ...) {
        g_autofree char *message = NULL, *usage = usage_line(verb);
        va_list arguments;

        va_start(arguments, format);
        message = g_strdup_vprintf(format, arguments);
        va_end(arguments);
        report_error("%s: %s", verb->name, message);
        report_note("%s; --help explains it.", usage);
        return EXIT_USAGE;
}

int options_exit_code(int r) {
        return r < 0 ? EXIT_USAGE : EXIT_SUCCESS;
}

static GOptionContext *make_context(const Verb *verb, const GOptionEntry *entries, gboolean *help) {
        const GOptionEntry help_entries[] = {
                { "help", 'h', 0, G_OPTION_ARG_NONE, help, "Show this help", NULL },
                { NULL },
        };
        GOptionContext *context = g_option_context_new(NULL);

        /* GLib's own --help ends the program, which may be at its prompt. */
        g_option_context_set_help_enabled(context, FALSE);
        g_option_context_set_strict_posix(context, verb->command);
        if (entries)
                g_option_context_add_main_entries(context, entries, NULL);
        g_option_context_add_main_entries(context, help_entries, NULL);
        return context;
}

/* GLib has one line for each option, however long. */
static void append_option(GString *help, const char *line) {
        const char *gap = strstr(line + strspn(line, " "), "  ");
        size_t column = gap ? (size_t) (gap - line) + strspn(gap, " ") : 0;

        g_string_append_len(help, line, (gssize) column);
        text_append_wrapped(help, line + column, (unsigned) column, HELP_WIDTH);
        g_string_append_c(help, '\n');
}

static void print_help(const Verb *verb, GOptionContext *context) {
        g_autofree char *text = g_option_context_get_help(context, TRUE, NULL);
        g_autofree char *usage = usage_line(verb);
        g_autoptr(GString) help = g_string_new(NULL);
        const char *options = strstr(text, "\n\n"); /* GLib's usage line knows nothing of verbs */
        g_auto(GStrv) lines = g_strsplit(g_strstrip((char *) options ?: text), "\n", -1);

        g_string_append_printf(help, "%s\n\n%s.\n\n", usage, verb->summary);
        for (char **line = lines; *line; line++)
                append_option(help, *line);
        fputs(help->str, stdout);
}

/* GLib leaves the "--" where something behind it looks like an option. */
static void drop_separator(int *argc, char **argv) {
        if (*argc < 2 || strcmp(argv[1], "--") != 0)
                return;
        memmove(argv + 1, argv + 2, (size_t) (*argc - 1) * sizeof *argv);
        (*argc)--;
}

static bool takes_value(const GOptionEntry *entry) {
        return entry->arg != G_OPTION_ARG_NONE;
}

/* The option that a word ends with; *ret_length: how much of the word that takes, less where a value is joined to it. NULL: none. */
static const GOptionEntry *find_option(const GOptionEntry *entries, const char *word, size_t *ret_length) {
        bool is_long = g_str_has_prefix(word, "--");
        const GOptionEntry *found = NULL;

        for (size_t i = 1; word[i] && !(found && (is_long || takes_value(found))); i++) {
                const GOptionEntry *entry = entries;

                while (entry->long_name &&
                        !(is_long ? strcmp(entry->long_name, word + 2) == 0 : entry->short_name == word[i]))
                        entry++;
                if (!entry->long_name)
                        return NULL;
                found = entry;
                *ret_length = is_long ? strlen(word) : i + 1;
        }
        return found;
}

/* GLib does not know "-n20", which it is given as "-n" and "20". The array is good until the next call, its strings are the words' or
 * static. */
static char **split_joined(const Verb *verb, const GOptionEntry *entries, int *argc, char **argv) {
        static char **split;
        int count = 0, i = 0;

        g_free(split);
        split = g_new(char *, 2 * *argc + 1);
        for (split[count++] = argv[i++]; i < *argc && strcmp(argv[i], "--") != 0; i++) {
                const GOptionEntry *entry = NULL;
                size_t length = 0;

                if (*argv[i] != '-' && verb->command)
                        break;
                if (*argv[i] == '-' && entries)
                        entry = find_option(entries, argv[i], &length);
                if (entry && argv[i][length]) {
                        g_autofree char *option = g_strndup(argv[i], length);

                        split[count++] = (char *) g_intern_string(option);
                        split[count++] = argv[i] + length;
                        continue;
                }
                split[count++] = argv[i];
                if (entry && takes_value(entry) && i + 1 < *argc)
                        split[count++] = argv[++i];
        }
        while (i < *argc)
                split[count++] = argv[i++];
        split[count] = NULL;
        *argc = count;
        return split;
}

/* "; did you mean --follow?", or "". error: GLib's, which ends with the option that there is not. Owned by the caller. */
static char *suggest_option(const GOptionEntry *entries, const GError *error) {
        const char *typed = strrchr(error->message, ' ');
        g_autoptr(GPtrArray) names = g_ptr_array_new();
        const char *nearest = NULL;

        for (; entries && entries->long_name; entries++)
                if (!(entries->flags & G_OPTION_FLAG_HIDDEN))
                        g_ptr_array_add(names, (char *) entries->long_name);
        g_ptr_array_add(names, NULL);
        if (g_error_matches(error, G_OPTION_ERROR, G_OPTION_ERROR_UNKNOWN_OPTION) && typed &&
                g_str_has_prefix(typed, " --"))
                nearest = name_match_nearest((const char *const *) names->pdata, typed + strlen(" --"));
        return nearest ? g_strdup_printf("; did you mean --%s?", nearest) : g_strdup("");
}

int options_parse(const Verb *verb, const GOptionEntry *entries, int *argc, char ***argv) {
        g_autoptr(GOptionContext) context = NULL;
        g_autofree char *suggestion = NULL;
        g_autoptr(GError) error = NULL;
        gboolean help = FALSE;

        if (listing.collect) {
                tell_options(entries);
                return 0;
        }
        context = make_context(verb, entries, &help);
        *argv = split_joined(verb, entries, argc, *argv);
        if (!g_option_context_parse(context, argc, argv, &error)) {
                suggestion = suggest_option(entries, error);
                options_usage(verb, "%s%s", error->message, suggestion);
                return -EINVAL;
        }
        if (help) {
                print_help(verb, context);
                return 0;
        }
        drop_separator(argc, *argv);
        return 1;
}

int options_parse_job(
        const Verb *verb, const GOptionEntry *entries, char *const *job, int argc, char **argv, const char **ret_name) {
        int r;

        r = options_parse(verb, entries, &argc, &argv);
        if (r <= 0)
                return r;
        if (argc > 2 || (*job && argc > 1)) {
                options_usage(verb, "Only one job can be named");
                return -EINVAL;
        }
        *ret_name = *job ? *job : argv[1];
        return 1;
}

int options_seconds(const Verb *verb, const char *option, double seconds, uint64_t *ret_microseconds) {
        if (!isfinite(seconds) || seconds < 0 || seconds > LONGEST_TIME) {
                options_usage(verb, "--%s takes a number of seconds", option);
                return -EINVAL;
        }
        *ret_microseconds = (uint64_t) (seconds * G_USEC_PER_SEC);
        return 0;
}
