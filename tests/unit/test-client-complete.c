/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* complete.c and the listing of options, where no daemon listens. */

#include "test.h"

#include <glib.h>
#include <string.h>

#include "client/complete.h"
#include "client/options.h"
#include "client/verb.h"

static void collect(const char *word, const char *description, void *userdata) {
        g_string_append_printf(userdata, "%s ", word);
}

/* Complete the last of the words that are separated by '|'. */
static void assert_completed(const char *line, CompleteFiles files, const char *expected) {
        g_auto(GStrv) words = g_strsplit(line, "|", -1);
        g_autoptr(GString) offered = g_string_new(NULL);

        assert_int_equal(complete((int) g_strv_length(words), words, collect, offered), files);
        assert_string_equal(offered->str, expected);
}

static void test_words(void **state) {
        assert_completed("sta", COMPLETE_NO_FILES, "stack status ");
        assert_completed("--h", COMPLETE_NO_FILES, "--help ");
        assert_completed("nonsense|", COMPLETE_NO_FILES, "");
        assert_completed("version|--", COMPLETE_NO_FILES, "--json --help ");
        assert_completed("ls|--l", COMPLETE_NO_FILES, "--long ");
        assert_completed("stop|--g", COMPLETE_NO_FILES, "--grace ");
}

static void test_values(void **state) {
        assert_completed("kill|-s|TE", COMPLETE_NO_FILES, "TERM ");
        assert_completed("kill|--signal|TE", COMPLETE_NO_FILES, "TERM ");
        assert_completed("kill|--signal|=|TE", COMPLETE_NO_FILES, "TERM ");
        assert_completed("kill|--signal|=", COMPLETE_NO_FILES,
                "HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN "
                "TTOU URG XCPU XFSZ VTALRM PROF WINCH POLL PWR SYS ");
        assert_completed("kill|--signal=TE", COMPLETE_NO_FILES, "--signal=TERM ");
        assert_completed("kill|--all=TE", COMPLETE_NO_FILES, "");
        assert_completed("kill|--nonsense=TE", COMPLETE_NO_FILES, "");
        assert_completed("run|-C|", COMPLETE_DIRECTORIES, "");
        assert_completed("run|--grant-policy|a", COMPLETE_NO_FILES, "ask-terminal any-namespace ");
}

static void test_commands(void **state) {
        assert_completed("run|", COMPLETE_COMMANDS, "");
        assert_completed("run|--|", COMPLETE_COMMANDS, "");
        assert_completed("run|--wait|py", COMPLETE_COMMANDS, "");
        assert_completed("run|--job|--|", COMPLETE_COMMANDS, "");
        assert_completed("run|python|--jo", COMPLETE_FILES, "");
        assert_completed("inject|", COMPLETE_FILES, "");
}

static void test_no_words(void **state) {
        g_autoptr(GString) offered = g_string_new(NULL);

        assert_int_equal(complete(0, NULL, collect, offered), COMPLETE_NO_FILES);
        assert_int_equal(offered->len, 0);
}

static void note_option(const GOptionEntry *entry, void *userdata) {
        g_string_append_printf(userdata, "%s ", entry->long_name);
}

/* Every verb asks for its options before it does anything. */
static void test_options_of_all_verbs(void **state) {
        for (const Verb *verb = verb_next(NULL); verb; verb = verb_next(verb)) {
                g_autoptr(GString) options = g_string_new(NULL);

                options_list(verb, note_option, options);
                assert_true(g_str_has_suffix(options->str, "help "));
                assert_ptr_equal(verb_find(verb->name), verb);
        }
}

static void test_verbs(void **state) {
        assert_ptr_equal(verb_find("ls"), verb_find("list"));
        assert_null(verb_find("nonsense"));
        assert_true(verb_find("complete")->hidden);
        assert_string_equal(verb_nearest("atach"), "attach");
        assert_null(verb_nearest("nonsense"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_words),
                cmocka_unit_test(test_values),
                cmocka_unit_test(test_commands),
                cmocka_unit_test(test_no_words),
                cmocka_unit_test(test_options_of_all_verbs),
                cmocka_unit_test(test_verbs),
        };

        g_setenv("XDG_RUNTIME_DIR", "/nonexistent", TRUE);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
