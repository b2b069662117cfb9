/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include <errno.h>
#include <glib.h>

#include "helicopter/bus-container.h"
#include "helicopter/cleanup.h"
#include "message.h"

/* "name=number …" */
static int note_element(sd_bus_message *message, void *userdata) {
        const char *name;
        uint32_t number;
        int r = sd_bus_message_read(message, "su", &name, &number);

        if (r >= 0)
                g_string_append_printf(userdata, "%s=%u ", name, number);
        return r;
}

/* The same of those entries that are numbers; "stop" is an error. */
static int note_entry(const char *key, sd_bus_message *message, void *userdata) {
        uint32_t number;
        int r;

        if (g_str_equal(key, "stop"))
                return -ECANCELED;
        if (!g_str_equal(key, "number"))
                return 0;
        r = sd_bus_message_read(message, "v", "u", &number);
        if (r >= 0)
                g_string_append_printf(userdata, "%s=%u ", key, number);
        return r;
}

static void assert_read(sd_bus_message *message, const char *element, const char *noted) {
        g_autoptr(GString) notes = g_string_new(NULL);

        message_seal(message);
        assert_int_equal(bus_array_read(message, element, note_element, notes), 1);
        assert_string_equal(notes->str, noted);
        assert_int_equal(sd_bus_message_at_end(message, true), 1); /* nothing is left unread */
}

static void test_array_of_structs(void **state) {
        g_autoptr(sd_bus_message) message = message_new();

        assert_true(sd_bus_message_append(message, "a(su)", 2, "a", 1, "b", 2) >= 0);
        assert_read(message, "(su)", "a=1 b=2 ");
}

static void test_array_of_entries(void **state) {
        g_autoptr(sd_bus_message) message = message_new();

        assert_true(sd_bus_message_append(message, "a{su}", 1, "a", 1) >= 0);
        assert_read(message, "{su}", "a=1 ");
}

static void test_empty_array(void **state) {
        g_autoptr(sd_bus_message) message = message_new();

        assert_true(sd_bus_message_append(message, "a(su)", 0) >= 0);
        assert_read(message, "(su)", "");
}

static void test_no_such_array(void **state) {
        g_autoptr(sd_bus_message) message = message_new();
        g_autoptr(GString) notes = g_string_new(NULL);

        assert_true(sd_bus_message_append(message, "a(ss)", 1, "a", "b") >= 0);
        message_seal(message);
        assert_int_equal(bus_array_read(message, "(su)", note_element, notes), -ENXIO);
}

static int leave_half(sd_bus_message *message, void *userdata) {
        return sd_bus_message_skip(message, "s");
}

static void test_element_that_is_not_read_whole(void **state) {
        g_autoptr(sd_bus_message) message = message_new();

        assert_true(sd_bus_message_append(message, "a(su)", 1, "a", 1) >= 0);
        message_seal(message);
        assert_true(bus_array_read(message, "(su)", leave_half, NULL) < 0);
}

static int read_dict(sd_bus_message *message, GString *notes) {
        message_seal(message);
        return bus_dict_read(message, note_entry, notes);
}

static void test_dict(void **state) {
        g_autoptr(sd_bus_message) message = message_new();
        g_autoptr(GString) notes = g_string_new(NULL);

        assert_true(sd_bus_message_append(message, "a{sv}", 3, "other", "as", 2, "a", "b", "number", "u", 7, "last",
                            "s", "text") >= 0);
        assert_int_equal(read_dict(message, notes), 1);
        assert_string_equal(notes->str, "number=7 ");
        assert_int_equal(sd_bus_message_at_end(message, true), 1);
}

static void test_dict_errors(void **state) {
        g_autoptr(sd_bus_message) stopped = message_new(), wrong = message_new();
        g_autoptr(GString) notes = g_string_new(NULL);

        assert_true(sd_bus_message_append(stopped, "a{sv}", 2, "stop", "u", 1, "number", "u", 7) >= 0);
        assert_int_equal(read_dict(stopped, notes), -ECANCELED);
        assert_true(sd_bus_message_append(wrong, "a{sv}", 1, "number", "s", "seven") >= 0);
        assert_int_equal(read_dict(wrong, notes), -ENXIO);
        assert_string_equal(notes->str, "");
}

static void append_entry(sd_bus_message *message, char kind) {
        assert_true(bus_entry_open(message, kind, "words", "as") >= 0);
        assert_true(sd_bus_message_append(message, "as", 2, "a", "b") >= 0);
        assert_true(bus_entry_close(message) >= 0);
}

static void test_entries_are_written(void **state) {
        g_autoptr(sd_bus_message) message = message_new();
        const char *key, *a, *b;

        assert_true(sd_bus_message_open_container(message, 'a', "{sv}") >= 0);
        append_entry(message, 'e');
        assert_true(sd_bus_message_close_container(message) >= 0);
        assert_true(sd_bus_message_open_container(message, 'a', "(sv)") >= 0);
        append_entry(message, 'r');
        assert_true(sd_bus_message_close_container(message) >= 0);
        message_seal(message);
        assert_int_equal(sd_bus_message_read(message, "a{sv}", 1, &key, "as", 2, &a, &b), 1);
        assert_string_equal(key, "words");
        assert_string_equal(b, "b");
        assert_int_equal(sd_bus_message_read(message, "a(sv)", 1, &key, "as", 2, &a, &b), 1);
        assert_string_equal(a, "a");
}

static void test_entry_where_none_can_be(void **state) {
        g_autoptr(sd_bus_message) message = message_new();

        assert_true(bus_entry_open(message, 'e', "key", "u") < 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_array_of_structs),
                cmocka_unit_test(test_array_of_entries),
                cmocka_unit_test(test_empty_array),
                cmocka_unit_test(test_no_such_array),
                cmocka_unit_test(test_element_that_is_not_read_whole),
                cmocka_unit_test(test_dict),
                cmocka_unit_test(test_dict_errors),
                cmocka_unit_test(test_entries_are_written),
                cmocka_unit_test(test_entry_where_none_can_be),
        };

        return cmocka_run_group_tests(tests, message_set_up, message_tear_down);
}
