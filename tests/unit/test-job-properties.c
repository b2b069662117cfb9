/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include <errno.h>
#include <string.h>

#include "helicopter/cleanup.h"
#include "helicopter/job-properties.h"
#include "message.h"

static int read_back(JobProperties *properties, sd_bus_message *message) {
        message_seal(message);
        return job_properties_read(properties, message, NULL, NULL);
}

static void test_initial(void **state) {
        g_auto(JobProperties) properties;

        job_properties_init(&properties);
        assert_string_equal(properties.state, "starting");
        assert_string_equal(properties.unit, "");
        assert_null(properties.command_line[0]);
        assert_int_equal(properties.exit_code, -1);
        assert_string_equal(properties.grant_policy, "same-user");
        assert_int_equal(properties.pid, 0);
}

static void test_read(void **state) {
        g_autoptr(sd_bus_message) message = message_new();
        g_auto(JobProperties) properties;

        job_properties_init(&properties);
        sd_bus_message_append(message, "a{sv}", 5, "State", "s", "running", "PID", "u", 77, "CommandLine", "as", 2, "a",
                "b", "StartTimestamp", "t", UINT64_C(1) << 40, "ExitCode", "i", -1);
        assert_int_equal(read_back(&properties, message), 0);
        assert_string_equal(properties.state, "running");
        assert_int_equal(properties.pid, 77);
        assert_string_equal(properties.command_line[0], "a");
        assert_string_equal(properties.command_line[1], "b");
        assert_null(properties.command_line[2]);
        assert_true(properties.start_timestamp == UINT64_C(1) << 40);
}

static void test_unknown_property_is_passed_over(void **state) {
        g_autoptr(sd_bus_message) message = message_new();
        g_auto(JobProperties) properties;

        job_properties_init(&properties);
        sd_bus_message_append(message, "a{sv}", 2, "FromTheFuture", "a(ii)", 1, 2, 3, "PID", "u", 5);
        assert_int_equal(read_back(&properties, message), 0);
        assert_int_equal(properties.pid, 5);
}

static void test_wrong_type(void **state) {
        g_autoptr(sd_bus_message) message = message_new();
        g_auto(JobProperties) properties;

        job_properties_init(&properties);
        sd_bus_message_append(message, "a{sv}", 1, "PID", "s", "seventy");
        assert_int_equal(read_back(&properties, message), -EINVAL);
        assert_int_equal(properties.pid, 0);
}

static void test_wrong_state(void **state) {
        g_autoptr(sd_bus_message) message = message_new();
        g_auto(JobProperties) properties;

        job_properties_init(&properties);
        sd_bus_message_append(message, "a{sv}", 1, "State", "s", "sideways");
        assert_int_equal(read_back(&properties, message), -EINVAL);
}

static void test_empty_list_and_empty_dictionary(void **state) {
        g_autoptr(sd_bus_message) list = message_new(), nothing = message_new();
        g_auto(JobProperties) properties;

        job_properties_init(&properties);
        sd_bus_message_append(list, "a{sv}", 1, "CommandLine", "as", 0);
        sd_bus_message_append(nothing, "a{sv}", 0);
        assert_int_equal(read_back(&properties, list), 0);
        assert_int_equal(read_back(&properties, nothing), 0);
        assert_null(properties.command_line[0]);
}

static void test_not_a_dictionary(void **state) {
        g_autoptr(sd_bus_message) message = message_new();
        g_auto(JobProperties) properties;

        job_properties_init(&properties);
        sd_bus_message_append(message, "s", "text");
        assert_true(read_back(&properties, message) < 0);
}

static void test_copy_is_independent(void **state) {
        g_auto(JobProperties) properties, copy;

        job_properties_init(&properties);
        job_properties_set_string(&properties.unit, "a.service");
        job_properties_copy(&properties, &copy);
        job_properties_set_string(&properties.unit, "b.service");
        assert_string_equal(copy.unit, "a.service");
}

static int take_colour(const char *name, sd_bus_message *message, void *userdata) {
        const char **colour = userdata;
        int r;

        if (!g_str_equal(name, "Colour"))
                return 0;
        r = sd_bus_message_read(message, "v", "s", colour);
        return r < 0 ? r : 1;
}

static void test_other_properties_are_taken(void **state) {
        g_autoptr(sd_bus_message) message = message_new(), wrong = message_new();
        g_auto(JobProperties) properties;
        const char *colour = NULL;

        job_properties_init(&properties);
        sd_bus_message_append(message, "a{sv}", 3, "Colour", "s", "blue", "Size", "u", 5, "PID", "u", 7);
        message_seal(message);
        assert_int_equal(job_properties_read(&properties, message, take_colour, &colour), 0);
        assert_string_equal(colour, "blue");
        assert_int_equal(properties.pid, 7);

        sd_bus_message_append(wrong, "a{sv}", 1, "Colour", "u", 5);
        message_seal(wrong);
        assert_int_equal(job_properties_read(&properties, wrong, take_colour, &colour), -EINVAL);
}

static void test_diff(void **state) {
        g_autoptr(GPtrArray) nothing = NULL, names = NULL;
        g_auto(JobProperties) a, b;

        job_properties_init(&a);
        job_properties_copy(&a, &b);
        nothing = job_properties_diff(&a, &b);
        assert_null(nothing->pdata[0]);

        job_properties_set_string(&b.state, "running");
        b.tracer_pid = 9;
        g_strfreev(b.command_line);
        b.command_line = g_strsplit("a b", " ", -1);
        names = job_properties_diff(&a, &b);
        assert_string_equal(names->pdata[0], "State");
        assert_string_equal(names->pdata[1], "CommandLine");
        assert_string_equal(names->pdata[2], "TracerPID");
        assert_null(names->pdata[3]);
}

static void test_append(void **state) {
        g_autoptr(sd_bus_message) message = message_new();
        g_auto(JobProperties) properties, back;
        g_autoptr(GPtrArray) differences = NULL;

        job_properties_init(&properties);
        job_properties_init(&back);
        job_properties_set_string(&properties.state, "running");
        g_strfreev(properties.command_line);
        properties.command_line = g_strsplit("a b", " ", -1);
        properties.pid = 77;
        properties.tracer_since = UINT64_C(1) << 40;
        properties.exit_signal = 9;
        assert_true(sd_bus_message_open_container(message, 'a', "{sv}") >= 0);
        assert_int_equal(job_properties_append(&properties, NULL, message), 0);
        assert_true(sd_bus_message_close_container(message) >= 0);
        assert_int_equal(read_back(&back, message), 0);
        differences = job_properties_diff(&properties, &back);
        assert_null(differences->pdata[0]);
}

static void test_append_what_differs(void **state) {
        g_autoptr(sd_bus_message) message = message_new();
        g_auto(JobProperties) before, now, back;
        const char *name;

        job_properties_init(&before);
        job_properties_set_string(&before.tracer_command, "python");
        job_properties_copy(&before, &now);
        job_properties_copy(&before, &back);
        job_properties_set_string(&now.tracer_command, "");
        assert_true(sd_bus_message_open_container(message, 'a', "{sv}") >= 0);
        assert_int_equal(job_properties_append(&now, &before, message), 0);
        assert_true(sd_bus_message_close_container(message) >= 0);
        assert_int_equal(read_back(&back, message), 0);
        assert_string_equal(back.tracer_command, "");
        assert_true(sd_bus_message_rewind(message, true) >= 0);
        assert_true(sd_bus_message_enter_container(message, 'a', "{sv}") > 0);
        assert_true(sd_bus_message_enter_container(message, 'e', "sv") > 0);
        assert_true(sd_bus_message_read(message, "s", &name) > 0);
        assert_string_equal(name, "TracerCommand");
        assert_true(sd_bus_message_skip(message, "v") > 0);
        assert_true(sd_bus_message_exit_container(message) >= 0);
        assert_int_equal(sd_bus_message_enter_container(message, 'e', "sv"), 0); /* there is no other */
}

static void test_save_and_load(void **state) {
        static const char *const words[] = { "", " a;b ", "new\nline", "\\x", "grün", NULL };
        g_autoptr(GKeyFile) file = g_key_file_new(), read_file = g_key_file_new();
        g_auto(JobProperties) properties, back;
        g_autoptr(GPtrArray) differences = NULL;
        g_autofree char *text = NULL;

        job_properties_init(&properties);
        job_properties_set_string(&properties.state, "failed");
        job_properties_set_string(&properties.failure_reason, " [Job]\nPID=1\n");
        g_strfreev(properties.command_line);
        properties.command_line = g_strdupv((char **) words);
        properties.pid = UINT32_MAX;
        properties.end_timestamp = UINT64_MAX;
        properties.exit_code = -1;
        job_properties_save(&properties, file);
        text = g_key_file_to_data(file, NULL, NULL);
        assert_true(g_key_file_load_from_data(read_file, text, (gsize) -1, G_KEY_FILE_NONE, NULL));
        assert_int_equal(job_properties_load(read_file, &back), 0);
        differences = job_properties_diff(&properties, &back);
        assert_null(differences->pdata[0]);
}

static void test_load_refuses(void **state) {
        static const struct {
                const char *key, *value;
        } wrong[] = {
                { "PID", "4294967296" },
                { "PID", "-1" },
                { "PID", "seventy" },
                { "ExitCode", "2147483648" },
                { "State", "sideways" },
                { "Unit", "\xff" },
                { "CommandLine", "\xff;" },
                { "FailureReason", NULL },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
                g_autoptr(GKeyFile) file = g_key_file_new();
                g_auto(JobProperties) properties, back = {};

                job_properties_init(&properties);
                job_properties_save(&properties, file);
                assert_int_equal(job_properties_load(file, &back), 0);
                job_properties_clear(&back);
                if (wrong[i].value)
                        g_key_file_set_value(file, JOB_PROPERTIES_GROUP, wrong[i].key, wrong[i].value);
                else
                        g_key_file_remove_key(file, JOB_PROPERTIES_GROUP, wrong[i].key, NULL);
                assert_int_equal(job_properties_load(file, &back), -EINVAL);
                assert_null(back.state);
        }
}

/* Cut between two characters, never within one. */
static void test_long_texts(void **state) {
        g_autoptr(sd_bus_message) message = message_new();
        g_autofree char *text = g_strnfill(JOB_PROPERTY_TEXT_MAX - 1, 'x');
        g_autofree char *directory = g_strconcat(text, "äy", NULL), *expected = g_strconcat(text, "…", NULL);
        g_autofree char *word = g_strnfill(JOB_PROPERTY_LIST_MAX - 4, 'w');
        g_auto(JobProperties) properties;

        job_properties_init(&properties);
        assert_true(sd_bus_message_append(message, "a{sv}", 3, "State", "s", "running", "WorkingDirectory", "s",
                            directory, "CommandLine", "as", 4, "a", word, "bcd", "e") >= 0);
        assert_true(read_back(&properties, message) >= 0);
        assert_string_equal(properties.working_directory, expected);
        assert_true(g_utf8_validate(properties.working_directory, -1, NULL));
        assert_int_equal(g_strv_length(properties.command_line), 3);
        assert_string_equal(properties.command_line[0], "a");
        assert_string_equal(properties.command_line[1], word);
        assert_string_equal(properties.command_line[2], "b…");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_long_texts),
                cmocka_unit_test(test_initial),
                cmocka_unit_test(test_read),
                cmocka_unit_test(test_unknown_property_is_passed_over),
                cmocka_unit_test(test_wrong_type),
                cmocka_unit_test(test_wrong_state),
                cmocka_unit_test(test_empty_list_and_empty_dictionary),
                cmocka_unit_test(test_not_a_dictionary),
                cmocka_unit_test(test_copy_is_independent),
                cmocka_unit_test(test_other_properties_are_taken),
                cmocka_unit_test(test_diff),
                cmocka_unit_test(test_append),
                cmocka_unit_test(test_append_what_differs),
                cmocka_unit_test(test_save_and_load),
                cmocka_unit_test(test_load_refuses),
        };

        return cmocka_run_group_tests(tests, message_set_up, message_tear_down);
}
