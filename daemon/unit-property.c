/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "daemon/unit-property.h"

#include <errno.h>
#include <string.h>

#include "daemon/unit-value.h"
#include "helicopter/bus-container.h"
#include "helicopter/error.h"
#include "helicopter/printable.h"

/* How much of foreign text stands in a message. */
#define SHOWN_MAX 128

static void setting_free(void *userdata) {
        UnitSetting *setting = userdata;

        g_free(setting->name);
        g_free(setting->text);
        g_clear_pointer(&setting->bytes, g_bytes_unref);
        g_free(setting);
}

GPtrArray *unit_settings_new(void) {
        return g_ptr_array_new_with_free_func(setting_free);
}

static UnitSetting *add(GPtrArray *settings, const char *name, char type) {
        UnitSetting *setting = g_new(UnitSetting, 1);

        *setting = (UnitSetting) { .name = g_strdup(name), .type = type };
        g_ptr_array_add(settings, setting);
        return setting;
}

static void add_number(GPtrArray *settings, const char *name, uint64_t number) {
        add(settings, name, 't')->number.t = number;
}

typedef struct Property Property;

/* Read a value and add what it means; -EINVAL when it is none for the property. */
typedef int (*Reader)(const Property *property, const char *value, GPtrArray *settings);

struct Property {
        const char *name;
        Reader read;
        const char *other_name; /* the service manager's, where it differs on the bus */
        const char *expected;   /* what a value is, for the message */
        int64_t low, high;      /* of numbers */
        const char *words;      /* of words: those that there are, separated by blanks */
};

static const char *bus_name(const Property *property) {
        return property->other_name ? property->other_name : property->name;
}

/* Bytes or a number of tasks; a percentage is a property of its own, a fraction of UINT32_MAX. */
static int read_size(const Property *property, const char *value, GPtrArray *settings) {
        g_autofree char *scale = g_strconcat(property->name, "Scale", NULL);
        uint64_t size, fraction;

        if (unit_value_percent(value, &fraction) == 0 && fraction <= 10000) {
                add(settings, scale, 'u')->number.u = (uint32_t) (fraction * UINT32_MAX / 10000);
                return 0;
        }
        if (unit_value_size(value, &size) < 0)
                return -EINVAL;
        add_number(settings, property->name, size);
        return 0;
}

/* A limit of setrlimit(2): one value, or SOFT:HARD. */
static int read_limit(const Property *property, const char *value, GPtrArray *settings) {
        g_autofree char *soft_name = g_strconcat(property->name, "Soft", NULL);
        g_auto(GStrv) parts = g_strsplit(value, ":", 2);
        uint64_t soft, hard;

        if (!parts[0] || unit_value_size(parts[0], &soft) < 0)
                return -EINVAL;
        hard = soft;
        if (parts[1] && unit_value_size(parts[1], &hard) < 0)
                return -EINVAL;
        if (soft > hard)
                return -EINVAL;
        add_number(settings, property->name, hard);
        add_number(settings, soft_name, soft);
        return 0;
}

/* The share of one CPU, as CPU time in a second. */
static int read_quota(const Property *property, const char *value, GPtrArray *settings) {
        uint64_t fraction = UINT64_MAX;

        if (!g_str_equal(value, "infinity") && (unit_value_percent(value, &fraction) < 0 || fraction == 0))
                return -EINVAL;
        add_number(settings, bus_name(property), fraction == UINT64_MAX ? fraction : fraction * 100);
        return 0;
}

static int read_span(const Property *property, const char *value, GPtrArray *settings) {
        uint64_t span;

        if (unit_value_span(value, &span) < 0)
                return -EINVAL;
        add_number(settings, bus_name(property), span);
        return 0;
}

static int read_weight(const Property *property, const char *value, GPtrArray *settings) {
        int64_t weight;

        if (unit_value_integer(value, property->low, property->high, &weight) < 0)
                return -EINVAL;
        add_number(settings, property->name, (uint64_t) weight);
        return 0;
}

static int read_count(const Property *property, const char *value, GPtrArray *settings) {
        int64_t count;

        if (unit_value_integer(value, property->low, property->high, &count) < 0)
                return -EINVAL;
        add(settings, property->name, 'u')->number.u = (uint32_t) count;
        return 0;
}

static int read_integer(const Property *property, const char *value, GPtrArray *settings) {
        int64_t number;

        if (unit_value_integer(value, property->low, property->high, &number) < 0)
                return -EINVAL;
        add(settings, property->name, 'i')->number.i = (int32_t) number;
        return 0;
}

static int read_signal(const Property *property, const char *value, GPtrArray *settings) {
        int signal = unit_value_signal(value);

        if (signal < 0)
                return signal;
        add(settings, property->name, 'i')->number.i = signal;
        return 0;
}

static int read_mask(const Property *property, const char *value, GPtrArray *settings) {
        uint32_t mask;

        if (unit_value_mode(value, &mask) < 0)
                return -EINVAL;
        add(settings, property->name, 'u')->number.u = mask;
        return 0;
}

static int read_text(const Property *property, const char *value, GPtrArray *settings) {
        if (!*value || strpbrk(value, "\n\r"))
                return -EINVAL;
        add(settings, property->name, 's')->text = g_strdup(value);
        return 0;
}

static int read_word(const Property *property, const char *value, GPtrArray *settings) {
        g_auto(GStrv) words = g_strsplit(property->words, " ", -1);

        if (!g_strv_contains((const char *const *) words, value))
                return -EINVAL;
        return read_text(property, value, settings);
}

static int read_cpus(const Property *property, const char *value, GPtrArray *settings) {
        GBytes *set;
        int r = unit_value_cpus(value, &set);

        if (r >= 0)
                add(settings, property->name, 'a')->bytes = set;
        return r;
}

static int read_output(const Property *property, const char *value, GPtrArray *settings) {
        static const struct {
                const char *prefix, *suffix;
        } kinds[] = { { "file:", "File" }, { "append:", "FileToAppend" }, { "truncate:", "FileToTruncate" } };

        for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
                g_autofree char *name = g_strconcat(property->name, kinds[i].suffix, NULL);
                const char *path = value + strlen(kinds[i].prefix);

                if (!g_str_has_prefix(value, kinds[i].prefix))
                        continue;
                if (!g_path_is_absolute(path))
                        return -EINVAL;
                add(settings, name, 's')->text = g_strdup(path);
                return 0;
        }
        return read_word(property, value, settings);
}

#define SIZE "a number of bytes (K, M, G, T), a percentage, or 'infinity'"
#define BYTES "a number of bytes (K, M, G, T) or 'infinity', or two as SOFT:HARD"
#define COUNT "a number or 'infinity', or two as SOFT:HARD"
#define SPAN "a time, as 90, 500ms, 1h 30min or 'infinity'"
#define OUTPUT "'journal', 'null', or 'append:', 'file:' or 'truncate:' with an absolute path"
#define OUTPUTS "journal null"

/* In the order in which they are listed. */
static const Property table[] = {
        { "CPUAffinity", read_cpus, .expected = "numbers and ranges of CPUs, as 0-3,8" },
        { "CPUQuota", read_quota, "CPUQuotaPerSecUSec", "a percentage of one CPU, or 'infinity'" },
        { "CPUWeight", read_weight, .expected = "1 to 10000", .low = 1, .high = 10000 },
        { "Description", read_text, .expected = "a line of text" },
        { "IOWeight", read_weight, .expected = "1 to 10000", .low = 1, .high = 10000 },
        { "KillSignal", read_signal, .expected = "a signal, as SIGINT" },
        { "LimitAS", read_limit, .expected = BYTES },
        { "LimitCORE", read_limit, .expected = BYTES },
        { "LimitDATA", read_limit, .expected = BYTES },
        { "LimitFSIZE", read_limit, .expected = BYTES },
        { "LimitMEMLOCK", read_limit, .expected = BYTES },
        { "LimitNOFILE", read_limit, .expected = COUNT },
        { "LimitNPROC", read_limit, .expected = COUNT },
        { "LimitSTACK", read_limit, .expected = BYTES },
        { "MemoryHigh", read_size, .expected = SIZE },
        { "MemoryLow", read_size, .expected = SIZE },
        { "MemoryMax", read_size, .expected = SIZE },
        { "MemoryMin", read_size, .expected = SIZE },
        { "MemorySwapMax", read_size, .expected = SIZE },
        { "Nice", read_integer, .expected = "-20 to 19", .low = -20, .high = 19 },
        { "OOMPolicy", read_word, .expected = "continue, stop or kill", .words = "continue stop kill" },
        { "OOMScoreAdjust", read_integer, .expected = "-1000 to 1000", .low = -1000, .high = 1000 },
        { "Restart", read_word, .expected = "no, on-success, on-failure, on-abnormal, on-abort, on-watchdog or always",
                .words = "no on-success on-failure on-abnormal on-abort on-watchdog always" },
        { "RestartSec", read_span, "RestartUSec", SPAN },
        { "RuntimeMaxSec", read_span, "RuntimeMaxUSec", SPAN },
        { "StandardError", read_output, .expected = OUTPUT, .words = OUTPUTS },
        { "StandardOutput", read_output, .expected = OUTPUT, .words = OUTPUTS },
        { "StartLimitBurst", read_count, .expected = "a number", .low = 0, .high = G_MAXUINT32 },
        { "StartLimitIntervalSec", read_span, "StartLimitIntervalUSec", SPAN },
        { "TasksMax", read_size, .expected = "a number of processes and threads, a percentage, or 'infinity'" },
        { "TimeoutStopSec", read_span, "TimeoutStopUSec", SPAN },
        { "UMask", read_mask, .expected = "an octal number, as 0027" },
};

/* What somebody may well ask for, and why not. */
static const struct {
        const char *name, *why;
} refused[] = {
        { "PrivateTmp", "the debugger and the job would not see the same /tmp" },
        { "PrivateNetwork", "the debugger could not be reached from the job" },
        { "PrivateUsers", "the debugger would be in another user namespace, which the kernel does not let trace" },
        { "PrivatePIDs", "process numbers would mean something else to the job than to its debugger" },
        { "RootDirectory", "the debugger and the job would not see the same files" },
        { "SystemCallFilter", "a call that the filter does not let through could end the job" },
};

static const Property *find(const char *name) {
        for (size_t i = 0; i < G_N_ELEMENTS(table); i++)
                if (g_str_equal(table[i].name, name))
                        return &table[i];
        return NULL;
}

static int set_unknown(const char *name, sd_bus_error *error) {
        g_autofree char *shown = printable(name, SHOWN_MAX);
        g_autoptr(GString) names = g_string_new(NULL);

        for (size_t i = 0; i < G_N_ELEMENTS(refused); i++)
                if (g_str_equal(refused[i].name, name))
                        return sd_bus_error_setf(error, HELICOPTER_ERROR_BAD_OPTION,
                                "A job with %s could not be debugged: %s.", name, refused[i].why);
        for (size_t i = 0; i < G_N_ELEMENTS(table); i++)
                g_string_append_printf(names, "%s%s", i > 0 ? ", " : "", table[i].name);
        return sd_bus_error_setf(error, HELICOPTER_ERROR_BAD_OPTION,
                "A job's unit has no property '%s'; those that can be set are %s.", shown, names->str);
}

static int set_bad_value(const Property *property, const char *value, sd_bus_error *error) {
        g_autofree char *shown = printable(value, SHOWN_MAX);

        return sd_bus_error_setf(error, HELICOPTER_ERROR_BAD_OPTION, "'%s' is no value for %s, which is %s.", shown,
                property->name, property->expected);
}

int unit_property_parse(const char *assignment, GPtrArray *settings, sd_bus_error *error) {
        const char *equals = strchr(assignment, '=');
        g_autofree char *name = equals ? g_strndup(assignment, (size_t) (equals - assignment)) : NULL;
        const Property *property;

        if (!equals) {
                g_autofree char *shown = printable(assignment, SHOWN_MAX);

                return sd_bus_error_setf(
                        error, HELICOPTER_ERROR_BAD_OPTION, "'%s' is not a unit's property as NAME=VALUE.", shown);
        }
        property = find(name);
        if (!property)
                return set_unknown(name, error);
        return property->read(property, equals + 1, settings) < 0 ? set_bad_value(property, equals + 1, error) : 0;
}

static int append_bytes(sd_bus_message *message, GBytes *bytes) {
        gsize size;
        const void *data = g_bytes_get_data(bytes, &size);

        return sd_bus_message_append_array(message, 'y', data, size);
}

static int append_value(sd_bus_message *message, const UnitSetting *setting) {
        switch (setting->type) {
        case 's':
                return sd_bus_message_append_basic(message, 's', setting->text);
        case 'a':
                return append_bytes(message, setting->bytes);
        default:
                return sd_bus_message_append_basic(message, setting->type, &setting->number);
        }
}

static int append_setting(sd_bus_message *message, const UnitSetting *setting) {
        const char type[] = { setting->type, setting->type == 'a' ? 'y' : '\0', '\0' };
        int r;

        r = bus_entry_open(message, 'r', setting->name, type);
        if (r >= 0)
                r = append_value(message, setting);
        return r < 0 ? r : bus_entry_close(message);
}

int unit_settings_append(sd_bus_message *message, const GPtrArray *settings) {
        int r = 0;

        for (guint i = 0; r >= 0 && i < settings->len; i++)
                r = append_setting(message, settings->pdata[i]);
        return r < 0 ? r : 0;
}
