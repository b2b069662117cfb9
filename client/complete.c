/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/complete.h"

#include <glib.h>
#include <signal.h>
#include <string.h>

#include "client/job-lookup.h"
#include "client/options.h"
#include "client/verb.h"
#include "helicopter/grant-policy.h"

/* Somebody waits at a keyboard. */
#define ANSWER_TIMEOUT (2 * G_USEC_PER_SEC)

typedef struct Option {
        char *name;
        char short_name;
        char *description;
        char *value; /* what it takes, as --help names it; NULL: nothing */
} Option;

typedef struct Completion {
        const Verb *verb;
        GPtrArray *options;
        const char *prefix; /* what the word begins with */
        const char *before; /* what is put in front of each candidate: "--job=" */
        CompleteOffer offer;
        void *userdata;
} Completion;

static void option_free(gpointer data) {
        Option *option = data;

        g_free(option->name);
        g_free(option->description);
        g_free(option->value);
        g_free(option);
}

static void add_option(const GOptionEntry *entry, void *userdata) {
        Option *option = g_new0(Option, 1);

        option->name = g_strconcat("--", entry->long_name, NULL);
        option->short_name = entry->short_name;
        option->description = g_strdup(entry->description);
        option->value = entry->arg == G_OPTION_ARG_NONE ? NULL : g_strdup(entry->arg_description ?: "");
        g_ptr_array_add(userdata, option);
}

static void offer(const Completion *completion, const char *word, const char *description) {
        g_autofree char *whole = g_strconcat(completion->before, word, NULL);

        if (g_str_has_prefix(word, completion->prefix))
                completion->offer(whole, description, completion->userdata);
}

static void offer_verbs(const Completion *completion) {
        for (const Verb *verb = verb_next(NULL); verb; verb = verb_next(verb))
                offer(completion, verb->name, verb->summary);
        offer(completion, "help", "Show the verbs");
        if (*completion->prefix != '-')
                return;
        offer(completion, "--help", "Show the verbs");
        offer(completion, "--version", "Show the version");
}

static void offer_options(const Completion *completion) {
        for (guint i = 0; i < completion->options->len; i++) {
                const Option *option = g_ptr_array_index(completion->options, i);

                offer(completion, option->name, option->description);
        }
}

static void offer_jobs(const Completion *completion) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        g_autoptr(Connection) connection = NULL;
        g_auto(GStrv) names = NULL;

        if (completion->verb->jobs == JOBS_NONE || connection_open_running(&connection) < 0 ||
                job_lookup_names(connection, completion->verb->jobs, ANSWER_TIMEOUT, &names, &error) < 0)
                return;
        for (char **name = names; *name; name++)
                offer(completion, *name, NULL);
}

static void offer_signals(const Completion *completion) {
        for (int number = 1; number < NSIG; number++) {
                const char *name = sigabbrev_np(number);

                if (name)
                        offer(completion, name, sigdescr_np(number));
        }
}

static void offer_policies(const Completion *completion) {
        for (int policy = GRANT_POLICY_SAME_USER; policy <= GRANT_POLICY_NONE; policy++)
                offer(completion, grant_policy_to_string((GrantPolicy) policy), NULL);
}

/* What an option takes is known by the word that --help has for it. */
static CompleteFiles complete_value(const Completion *completion, const char *value) {
        if (g_str_equal(value, "NAME"))
                offer_jobs(completion);
        else if (g_str_equal(value, "SIGNAL"))
                offer_signals(completion);
        else if (g_str_equal(value, "POLICY"))
                offer_policies(completion);
        else if (g_str_equal(value, "DIR"))
                return COMPLETE_DIRECTORIES;
        return COMPLETE_NO_FILES;
}

static const Option *find_option(const Completion *completion, const char *word) {
        for (guint i = 0; i < completion->options->len; i++) {
                const Option *option = g_ptr_array_index(completion->options, i);

                if (g_str_equal(option->name, word) ||
                        (word[0] == '-' && word[1] == option->short_name && word[1] && !word[2]))
                        return option;
        }
        return NULL;
}

typedef struct Place {
        const Option *option; /* whose value the last word is, or NULL */
        bool named;           /* a job was named before, or a command has begun */
        bool plain;           /* no more options */
} Place;

static Place find_place(const Completion *completion, int count, char *const *words) {
        Place place = { NULL };

        for (int i = 1; i < count - 1; i++) {
                const Option *option = place.plain || place.option ? NULL : find_option(completion, words[i]);

                if (place.option)
                        place.option = NULL; /* its value */
                else if (option)
                        place.option = option->value ? option : NULL;
                else if (!place.plain && g_str_equal(words[i], "--"))
                        place.plain = true;
                else if (place.plain || *words[i] != '-')
                        place.named = true;
                if (!completion->verb->command &&
                        ((option && g_str_equal(option->name, "--job")) || g_str_has_prefix(words[i], "--job=")))
                        place.named = true;
                if (completion->verb->command && place.named)
                        place.plain = true;
        }
        return place;
}

/* "--job=tr" in one word. */
static CompleteFiles complete_joined(Completion *completion, const char *word, const char *equals) {
        g_autofree char *name = g_strndup(word, (size_t) (equals - word));
        g_autofree char *before = g_strconcat(name, "=", NULL);
        const Option *option = find_option(completion, name);

        if (!option || !option->value)
                return COMPLETE_NO_FILES;
        completion->prefix = equals + 1;
        completion->before = before;
        return complete_value(completion, option->value);
}

static CompleteFiles complete_argument(const Completion *completion, const Place *place) {
        if (!place->named && !(completion->verb->command && place->plain))
                offer_jobs(completion);
        if (completion->verb->command)
                return place->named ? COMPLETE_FILES : COMPLETE_COMMANDS;
        return completion->verb->files ? COMPLETE_FILES : COMPLETE_NO_FILES;
}

static CompleteFiles complete_verb(Completion *completion, int count, char *const *words) {
        Place place = find_place(completion, count, words);
        const char *equals = strchr(completion->prefix, '=');

        if (place.option)
                return complete_value(completion, place.option->value);
        if (place.plain || *completion->prefix != '-')
                return complete_argument(completion, &place);
        if (equals)
                return complete_joined(completion, completion->prefix, equals);
        offer_options(completion);
        return COMPLETE_NO_FILES;
}

/* Without the "=" that bash makes a word of its own. An empty word behind it stays. Owned by the caller. */
static GPtrArray *drop_equals(int count, char *const *words) {
        GPtrArray *kept = g_ptr_array_new();

        for (int i = 0; i < count; i++)
                if (!g_str_equal(words[i], "=") || i == 0)
                        g_ptr_array_add(kept, words[i]);
                else if (i == count - 1)
                        g_ptr_array_add(kept, (char *) "");
        return kept;
}

CompleteFiles complete(int count, char *const *words, CompleteOffer offer_to, void *userdata) {
        g_autoptr(GPtrArray) kept = drop_equals(count, words);
        g_autoptr(GPtrArray) options = g_ptr_array_new_with_free_func(option_free);
        Completion completion = { .options = options, .before = "", .offer = offer_to, .userdata = userdata };

        if (kept->len == 0)
                return COMPLETE_NO_FILES;
        completion.prefix = g_ptr_array_index(kept, kept->len - 1);
        if (kept->len == 1) {
                offer_verbs(&completion);
                return COMPLETE_NO_FILES;
        }
        completion.verb = verb_find(g_ptr_array_index(kept, 0));
        if (!completion.verb)
                return COMPLETE_NO_FILES;
        options_list(completion.verb, add_option, options);
        return complete_verb(&completion, (int) kept->len, (char *const *) kept->pdata);
}
