/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "daemon/unit-property.h"
#include "helicopter/cleanup.h"
#include "helicopter/error.h"
#include "message.h"

static GPtrArray *parse(const char *assignment) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        GPtrArray *settings = unit_settings_new();

        if (unit_property_parse(assignment, settings, &error) < 0)
                fail_msg("%s: %s", assignment, error.message);
        return settings;
}

static const UnitSetting *only(const GPtrArray *settings, const char *name, char type) {
        const UnitSetting *setting;

        assert_int_equal(settings->len, 1);
        setting = settings->pdata[0];
        assert_string_equal(setting->name, name);
        assert_int_equal(setting->type, type);
        return setting;
}

static void assert_number(const char *assignment, const char *name, uint64_t number) {
        g_autoptr(GPtrArray) settings = parse(assignment);

        assert_int_equal(only(settings, name, 't')->number.t, number);
}

static void assert_small(const char *assignment, const char *name, uint32_t number) {
        g_autoptr(GPtrArray) settings = parse(assignment);

        assert_int_equal(only(settings, name, 'u')->number.u, number);
}

static void assert_integer(const char *assignment, const char *name, int number) {
        g_autoptr(GPtrArray) settings = parse(assignment);

        assert_int_equal(only(settings, name, 'i')->number.i, number);
}

static void assert_text(const char *assignment, const char *name, const char *text) {
        g_autoptr(GPtrArray) settings = parse(assignment);

        assert_string_equal(only(settings, name, 's')->text, text);
}

static void test_numbers(void **state) {
        assert_number("MemoryMax=4G", "MemoryMax", UINT64_C(4) << 30);
        assert_number("TasksMax=infinity", "TasksMax", UINT64_MAX);
        assert_small("MemoryHigh=50%", "MemoryHighScale", UINT32_MAX / 2);
        assert_small("TasksMax=100%", "TasksMaxScale", UINT32_MAX);
        assert_number("CPUQuota=50%", "CPUQuotaPerSecUSec", 500000);
        assert_number("CPUQuota=250%", "CPUQuotaPerSecUSec", 2500000);
        assert_number("CPUQuota=infinity", "CPUQuotaPerSecUSec", UINT64_MAX);
        assert_number("CPUWeight=200", "CPUWeight", 200);
        assert_number("RestartSec=500ms", "RestartUSec", 500000);
        assert_number("RuntimeMaxSec=1d", "RuntimeMaxUSec", UINT64_C(86400000000));
        assert_integer("Nice=-5", "Nice", -5);
        assert_integer("OOMScoreAdjust=+100", "OOMScoreAdjust", 100);
        assert_integer("KillSignal=SIGINT", "KillSignal", SIGINT);
        assert_small("UMask=0027", "UMask", 027);
        assert_small("StartLimitBurst=3", "StartLimitBurst", 3);
}

static void test_texts(void **state) {
        assert_text("Restart=on-failure", "Restart", "on-failure");
        assert_text("Description=a = b", "Description", "a = b");
        assert_text("OOMPolicy=kill", "OOMPolicy", "kill");
        assert_text("StandardOutput=null", "StandardOutput", "null");
        assert_text("StandardOutput=append:/a b", "StandardOutputFileToAppend", "/a b");
        assert_text("StandardError=file:/x", "StandardErrorFile", "/x");
        assert_text("StandardError=truncate:/x", "StandardErrorFileToTruncate", "/x");
}

static void assert_limit(const char *assignment, uint64_t soft, uint64_t hard) {
        g_autoptr(GPtrArray) settings = parse(assignment);
        const UnitSetting *first, *second;

        assert_int_equal(settings->len, 2);
        first = settings->pdata[0];
        second = settings->pdata[1];
        assert_string_equal(first->name, "LimitNOFILE");
        assert_int_equal(first->number.t, hard);
        assert_string_equal(second->name, "LimitNOFILESoft");
        assert_int_equal(second->number.t, soft);
}

static void test_limits(void **state) {
        assert_limit("LimitNOFILE=1024", 1024, 1024);
        assert_limit("LimitNOFILE=1K:infinity", 1024, UINT64_MAX);
}

static void assert_refused(const char *assignment, const char *one, const char *other) {
        g_autoptr(GPtrArray) settings = unit_settings_new();
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;

        assert_true(unit_property_parse(assignment, settings, &error) < 0);
        assert_string_equal(error.name, HELICOPTER_ERROR_BAD_OPTION);
        assert_int_equal(settings->len, 0);
        if (!strstr(error.message, one) || !strstr(error.message, other))
                fail_msg("'%s' does not say '%s' and '%s'", error.message, one, other);
}

static void test_refused(void **state) {
        assert_refused("MemoryMax", "MemoryMax", "NAME=VALUE");
        assert_refused("MemoryMx=1", "MemoryMx", "MemoryMax, "); /* what there is */
        assert_refused("ExecStart=/bin/sh", "ExecStart", "CPUQuota");
        assert_refused("=1", "''", "CPUQuota");
        assert_refused("PrivateTmp=yes", "PrivateTmp", "/tmp");
        assert_refused("PrivateNetwork=yes", "PrivateNetwork", "debugge");
        for (const char *const *bad = (const char *const[]) { "MemoryMax=", "MemoryMax=lots", "MemoryMax=101%",
                     "CPUQuota=0%", "CPUQuota=50", "CPUWeight=0", "CPUWeight=10001", "Nice=20", "OOMScoreAdjust=1001",
                     "Restart=yes", "Restart=", "Restart=on-success on-failure", "KillSignal=SIGNOTHING", "UMask=9",
                     "LimitNOFILE=2:1", "LimitNOFILE=1:2:3", "StandardOutput=append:relative", "StandardOutput=tty",
                     "StandardOutput=append:", "Description=", "Description=a\nb", "CPUAffinity=x", NULL };
                *bad; bad++) {
                g_autofree char *name = g_strndup(*bad, strcspn(*bad, "="));

                assert_refused(*bad, name, "is no value");
        }
}

static void append_all(sd_bus_message *message, const GPtrArray *settings) {
        assert_true(sd_bus_message_open_container(message, 'a', "(sv)") >= 0);
        assert_int_equal(unit_settings_append(message, settings), 0);
        assert_true(sd_bus_message_close_container(message) >= 0);
        message_seal(message);
}

static void test_append(void **state) {
        g_autoptr(GPtrArray) settings = unit_settings_new();
        g_autoptr(sd_bus_message) message = message_new();
        const char *text;
        const void *bytes;
        uint64_t memory;
        uint32_t mask;
        size_t size;
        int32_t nice;

        for (const char *const *assignment = (const char *const[]) { "MemoryMax=1", "Nice=-1", "UMask=77",
                     "Restart=always", "CPUAffinity=1", NULL };
                *assignment; assignment++)
                assert_int_equal(unit_property_parse(*assignment, settings, NULL), 0);
        append_all(message, settings);

        assert_true(sd_bus_message_enter_container(message, 'a', "(sv)") > 0);
        assert_true(sd_bus_message_read(message, "(sv)(sv)(sv)(sv)", NULL, "t", &memory, NULL, "i", &nice, NULL, "u",
                            &mask, NULL, "s", &text) > 0);
        assert_int_equal(memory, 1);
        assert_int_equal(nice, -1);
        assert_int_equal(mask, 077);
        assert_string_equal(text, "always");
        assert_true(sd_bus_message_enter_container(message, 'r', "sv") > 0);
        assert_true(sd_bus_message_skip(message, "s") >= 0);
        assert_true(sd_bus_message_enter_container(message, 'v', "ay") > 0);
        assert_true(sd_bus_message_read_array(message, 'y', &bytes, &size) > 0);
        assert_int_equal(size, 1);
        assert_int_equal(*(const uint8_t *) bytes, 2);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_numbers),
                cmocka_unit_test(test_texts),
                cmocka_unit_test(test_limits),
                cmocka_unit_test(test_refused),
                cmocka_unit_test(test_append),
        };

        return cmocka_run_group_tests(tests, message_set_up, message_tear_down);
}
