/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* name-match.c, signal-name.c and since.c: what people type. */

#include "test.h"

#include <errno.h>
#include <glib.h>
#include <signal.h>
#include <stdlib.h>

#include "client/name-match.h"
#include "client/signal-name.h"
#include "client/since.h"
#include "client/verb.h"

static const char *const names[] = { "train", "train-2", "tail", "x", NULL };

static void test_prefix(void **state) {
        g_autofree char *several = NULL;

        assert_string_equal(name_match_prefix(names, "ta", &several), "tail");
        assert_null(name_match_prefix(names, "z", &several));
        assert_null(several);
        assert_null(name_match_prefix(names, "tr", &several));
        assert_string_equal(several, "train, train-2");
        assert_null(name_match_prefix(names, "tr", NULL));
}

static void test_nearest(void **state) {
        assert_string_equal(name_match_nearest(names, "trian"), "train");
        assert_string_equal(name_match_nearest(names, "rain"), "train");
        assert_string_equal(name_match_nearest(names, "tails"), "tail");
        assert_string_equal(name_match_nearest(names, "train2"), "train"); /* and "train-2": the first of them */
        assert_null(name_match_nearest(names, "simulate"));
        assert_null(name_match_nearest(names, "y")); /* anything is near to that */
        assert_null(name_match_nearest(names, ""));
}

static void test_nearest_of_long_names(void **state) {
        g_autofree char *longest = g_strnfill(64, 'a'), *beyond = g_strnfill(65, 'a');
        const char *const one[] = { beyond, longest, NULL };

        longest[63] = 'b';
        assert_null(name_match_nearest(one, beyond));
        longest[0] = 'c';
        assert_ptr_equal(name_match_nearest(one, longest), longest);
}

static void test_verbs_of_other_programs(void **state) {
        static const char *const words[] = { "start", "pdb", "dump", "jobs", "inspect", "top", "tail", "rm",
                "shutdown" };

        for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
                assert_null(verb_find(words[i]));
                assert_non_null(verb_find(verb_nearest(words[i])));
        }
        assert_string_equal(verb_nearest("start"), "run");
        assert_string_equal(verb_nearest("atach"), "attach");
        assert_null(verb_nearest("nonsense"));
}

static void test_signals(void **state) {
        assert_int_equal(signal_name_parse("TERM"), SIGTERM);
        assert_int_equal(signal_name_parse("SIGTERM"), SIGTERM);
        assert_int_equal(signal_name_parse("sigUsr1"), SIGUSR1);
        assert_int_equal(signal_name_parse("9"), SIGKILL);
        assert_int_equal(signal_name_parse("RTMIN"), SIGRTMIN);
        assert_int_equal(signal_name_parse("SIGRTMIN+3"), SIGRTMIN + 3);
        assert_int_equal(signal_name_parse("RTMAX-1"), SIGRTMAX - 1);
}

static void test_no_signals(void **state) {
        static const char *const wrong[] = { "", "SIG", "0", "-9", "65", "9x", "FOO", "RTMIN-1", "RTMIN+", "RTMIN+31",
                "RTMAX+1", "99999999999999999999" };

        for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++)
                assert_int_equal(signal_name_parse(wrong[i]), -EINVAL);
}

/* Tuesday 2025-06-03 10:11:12.000005 UTC */
#define NOW (UINT64_C(1748945472) * G_USEC_PER_SEC + 5)
#define MIDNIGHT (UINT64_C(1748908800) * G_USEC_PER_SEC)
#define HOUR (UINT64_C(3600) * G_USEC_PER_SEC)

static void assert_since(const char *text, uint64_t expected) {
        uint64_t time = 1;

        assert_int_equal(since_parse(text, NOW, &time), 0);
        assert_true(time == expected);
}

static void test_spans(void **state) {
        assert_since("90", NOW - 90 * (uint64_t) G_USEC_PER_SEC);
        assert_since("10min", NOW - HOUR / 6);
        assert_since("10m", NOW - HOUR / 6);
        assert_since("-2h", NOW - 2 * HOUR);
        assert_since("2 hours ago", NOW - 2 * HOUR);
        assert_since("1h 30min", NOW - HOUR * 3 / 2);
        assert_since("1h30min ago", NOW - HOUR * 3 / 2);
        assert_since("1d", NOW - 24 * HOUR);
        assert_since("now", NOW);
        assert_since("10000w", 0);
}

static void test_moments(void **state) {
        assert_since("today", MIDNIGHT);
        assert_since("yesterday", MIDNIGHT - 24 * HOUR);
        assert_since("09:30", MIDNIGHT + HOUR * 19 / 2);
        assert_since("09:30:00", MIDNIGHT + HOUR * 19 / 2);
        assert_since("2025-06-03", MIDNIGHT);
        assert_since("2025-06-02 23:00", MIDNIGHT - HOUR);
        assert_since("2025-06-02T23:00:00", MIDNIGHT - HOUR);
        assert_since("2025-06-03T01:00:00+02:00", MIDNIGHT - HOUR);
}

static void test_no_times(void **state) {
        static const char *const wrong[] = { "", "-", "foo", "10x", "10 20", "10min x", "ago", "25:00", "2025-13-01",
                "2025-06-03 1", "1969-01-01", "99999999999999999999h", "9223372036854775807s", "00:0" };

        for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
                uint64_t time = 7;

                assert_int_equal(since_parse(wrong[i], NOW, &time), -EINVAL);
                assert_true(time == 7);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_prefix),
                cmocka_unit_test(test_nearest),
                cmocka_unit_test(test_nearest_of_long_names),
                cmocka_unit_test(test_verbs_of_other_programs),
                cmocka_unit_test(test_signals),
                cmocka_unit_test(test_no_signals),
                cmocka_unit_test(test_spans),
                cmocka_unit_test(test_moments),
                cmocka_unit_test(test_no_times),
        };

        setenv("TZ", "UTC", 1);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
