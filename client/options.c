/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/options.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/exit-code.h"
#include "client/report.h"

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
        report_note("%s", usage);
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

static void print_help(const Verb *verb, GOptionContext *context) {
        g_autofree char *text = g_option_context_get_help(context, TRUE, NULL);
        const char *options = strstr(text, "\n\n"); /* GLib's usage line knows nothing of verbs */
        g_autofree char *usage = usage_line(verb);

        printf("%s\n\n%s.%s", usage, verb->summary, options ?: "\n");
}

/* GLib leaves the "--" where something behind it looks like an option. */
static void drop_separator(int *argc, char **argv) {
        if (*argc < 2 || strcmp(argv[1], "--") != 0)
                return;
        memmove(argv + 1, argv + 2, (size_t) (*argc - 1) * sizeof *argv);
        (*argc)--;
}

int options_parse(const Verb *verb, const GOptionEntry *entries, int *argc, char ***argv) {
        g_autoptr(GOptionContext) context = NULL;
        g_autoptr(GError) error = NULL;
        gboolean help = FALSE;

        if (listing.collect) {
                tell_options(entries);
                return 0;
        }
        context = make_context(verb, entries, &help);
        if (!g_option_context_parse(context, argc, argv, &error)) {
                options_usage(verb, "%s", error->message);
                return -EINVAL;
        }
        if (help) {
                print_help(verb, context);
                return 0;
        }
        drop_separator(argc, *argv);
        return 1;
}

int options_job_name(const Verb *verb, const char *option, int argc, char **argv, const char **ret_name) {
        if (argc > 2 || (option && argc > 1)) {
                options_usage(verb, "Only one job can be named");
                return -EINVAL;
        }
        *ret_name = option ? option : argc > 1 ? argv[1] : NULL;
        return 0;
}

int options_seconds(const Verb *verb, const char *option, double seconds, uint64_t *ret_microseconds) {
        if (!isfinite(seconds) || seconds < 0 || seconds > LONGEST_TIME) {
                options_usage(verb, "--%s takes a number of seconds", option);
                return -EINVAL;
        }
        *ret_microseconds = (uint64_t) (seconds * G_USEC_PER_SEC);
        return 0;
}
