/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include <string.h>

#include "helicopter/job-start.h"

static GBytes *text_of(const char *text, size_t size) {
        return g_bytes_new(text, size);
}

#define TEXT(literal) text_of((literal), sizeof(literal))

static void assert_words(char **found, const char *expected) {
        g_autofree char *joined = g_strjoinv("|", found);

        assert_string_equal(joined, expected);
}

static void test_there_and_back(void **state) {
        char *environment[] = { (char *) "A=1", (char *) "BASH_FUNC_f%%=() {\n true\n}", (char *) "B=\xff\xfe", NULL };
        char *command[] = { (char *) "train.py", (char *) "", (char *) "a=b", NULL };
        char *properties[] = { (char *) "MemoryMax=1G", (char *) "Description=a = b", NULL };
        const JobStart start = { .environment = environment,
                .command = command,
                .working_directory = (char *) "/a folder",
                .properties = properties,
                .umask = 027 };
        g_autoptr(GBytes) text = job_start_pack(&start);
        g_auto(JobStart) found;

        job_start_unpack(text, &found);
        assert_words(found.environment, "A=1|BASH_FUNC_f%%=() {\n true\n}|B=\xff\xfe");
        assert_words(found.command, "train.py||a=b");
        assert_words(found.properties, "MemoryMax=1G|Description=a = b");
        assert_string_equal(found.working_directory, "/a folder");
        assert_int_equal(found.umask, 027);
}

static void test_what_is_not_given(void **state) {
        char *nothing[] = { NULL };
        const JobStart start = { .environment = nothing,
                .command = nothing,
                .working_directory = (char *) "/",
                .umask = UMASK_OF_LAUNCHER };
        g_autoptr(GBytes) text = job_start_pack(&start);
        g_auto(JobStart) found;

        job_start_unpack(text, &found);
        assert_words(found.environment, "");
        assert_words(found.properties, "");
        assert_true(found.umask == UMASK_OF_LAUNCHER);
}

/* The environment, and nothing behind it. */
static void test_of_an_older_daemon(void **state) {
        g_autoptr(GBytes) text = TEXT("A=1\0B=2");
        g_auto(JobStart) found;

        job_start_unpack(text, &found);
        assert_words(found.environment, "A=1|B=2");
        assert_null(found.command[0]);
        assert_string_equal(found.working_directory, "");
}

static void test_of_a_newer_daemon(void **state) {
        g_autoptr(GBytes) text = TEXT("A=1\0\0colour=blue\0command=x\0directory=/\0directory=/y\0nonsense");
        g_auto(JobStart) found;

        job_start_unpack(text, &found);
        assert_words(found.environment, "A=1");
        assert_words(found.command, "x");
        assert_string_equal(found.working_directory, "/y");
}

static void test_anything(void **state) {
        static const struct {
                const char *text;
                size_t size;
        } texts[] = { { "", 0 }, { "", 1 }, { "A=1", 3 }, { "\0\0\0", 3 }, { "A\0\0command=x", 12 },
                { "\0umask=-5", 9 } };

        for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
                g_autoptr(GBytes) text = text_of(texts[i].text, texts[i].size);
                g_auto(JobStart) found;

                job_start_unpack(text, &found);
                assert_non_null(found.environment);
                assert_non_null(found.command);
                assert_non_null(found.properties);
                assert_non_null(found.working_directory);
                for (char **variable = found.environment; *variable; variable++)
                        assert_true(**variable != '\0');
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_there_and_back),
                cmocka_unit_test(test_what_is_not_given),
                cmocka_unit_test(test_of_an_older_daemon),
                cmocka_unit_test(test_of_a_newer_daemon),
                cmocka_unit_test(test_anything),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
