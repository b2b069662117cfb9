/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "helicopter/job-properties.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "helicopter/cleanup.h"
#include "helicopter/grant-policy.h"

static const struct Property {
        const char *name;
        const char *type;
        size_t offset;
} table[] = {
        { "State", "s", offsetof(JobProperties, state) },
        { "PID", "u", offsetof(JobProperties, pid) },
        { "Unit", "s", offsetof(JobProperties, unit) },
        { "ControlGroup", "s", offsetof(JobProperties, control_group) },
        { "CommandLine", "as", offsetof(JobProperties, command_line) },
        { "WorkingDirectory", "s", offsetof(JobProperties, working_directory) },
        { "LogPath", "s", offsetof(JobProperties, log_path) },
        { "PythonVersion", "s", offsetof(JobProperties, python_version) },
        { "StartTimestamp", "t", offsetof(JobProperties, start_timestamp) },
        { "EndTimestamp", "t", offsetof(JobProperties, end_timestamp) },
        { "TracerPID", "u", offsetof(JobProperties, tracer_pid) },
        { "TracerCommand", "s", offsetof(JobProperties, tracer_command) },
        { "TracerSince", "t", offsetof(JobProperties, tracer_since) },
        { "ExitCode", "i", offsetof(JobProperties, exit_code) },
        { "ExitSignal", "i", offsetof(JobProperties, exit_signal) },
        { "FailureReason", "s", offsetof(JobProperties, failure_reason) },
        { "GrantPolicy", "s", offsetof(JobProperties, grant_policy) },
};

static void *field_of(const JobProperties *properties, const struct Property *property) {
        return (char *) properties + property->offset;
}

static size_t size_of(const struct Property *property) {
        switch (property->type[0]) {
        case 's':
                return sizeof(char *);
        case 'a':
                return sizeof(char **);
        case 't':
                return sizeof(uint64_t);
        default:
                return sizeof(uint32_t);
        }
}

void job_properties_init(JobProperties *properties) {
        *properties = (JobProperties) { .exit_code = -1 };
        for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
                void *field = field_of(properties, &table[i]);

                if (table[i].type[0] == 's')
                        *(char **) field = g_strdup("");
                else if (table[i].type[0] == 'a')
                        *(char ***) field = g_new0(char *, 1);
        }
        job_properties_set_string(&properties->state, JOB_STATE_STARTING);
        /* A parent that is older than the property tells none, and means this one. */
        job_properties_set_string(&properties->grant_policy, grant_policy_to_string(GRANT_POLICY_SAME_USER));
}

void job_properties_clear(JobProperties *properties) {
        for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
                void *field = field_of(properties, &table[i]);

                if (table[i].type[0] == 's')
                        g_clear_pointer((char **) field, g_free);
                else if (table[i].type[0] == 'a')
                        g_clear_pointer((char ***) field, g_strfreev);
        }
}

void job_properties_copy(const JobProperties *properties, JobProperties *ret_copy) {
        *ret_copy = *properties;
        for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
                void *field = field_of(ret_copy, &table[i]);

                if (table[i].type[0] == 's')
                        *(char **) field = g_strdup(*(char **) field);
                else if (table[i].type[0] == 'a')
                        *(char ***) field = g_strdupv(*(char ***) field);
        }
}

void job_properties_set_string(char **field, const char *value) {
        char *copy = g_strdup(value);

        g_free(*field);
        *field = copy;
}

/* The text, or what there is room for of it and "…". Owned by the caller. */
static char *cut(const char *text, size_t room) {
        const char *end;

        if (strlen(text) <= room)
                return g_strdup(text);
        for (end = text + room; end > text && (*end & 0xc0) == 0x80; end--)
                ; /* not within a character of UTF-8 */
        return g_strdup_printf("%.*s…", (int) (end - text), text);
}

static int read_string(char **field, sd_bus_message *message) {
        g_autofree char *text = NULL;
        const char *value;
        int r = sd_bus_message_read_basic(message, 's', &value);

        if (r < 0)
                return r;
        text = cut(value, JOB_PROPERTY_TEXT_MAX);
        job_properties_set_string(field, text);
        return r;
}

static int read_strings(char ***field, sd_bus_message *message) {
        g_autoptr(GPtrArray) strings = g_ptr_array_new_with_free_func(g_free);
        size_t room = JOB_PROPERTY_LIST_MAX;
        const char *value;
        int r;

        r = sd_bus_message_enter_container(message, 'a', "s");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_read_basic(message, 's', &value)) > 0) {
                if (room > 0)
                        g_ptr_array_add(strings, cut(value, room));
                room -= MIN(room, strlen(value) + 1);
        }
        if (r < 0)
                return r;
        g_ptr_array_add(strings, NULL);
        g_strfreev(*field);
        *field = (char **) g_ptr_array_steal(strings, NULL);
        return sd_bus_message_exit_container(message);
}

static int read_value(void *field, char type, sd_bus_message *message) {
        switch (type) {
        case 's':
                return read_string(field, message);
        case 'a':
                return read_strings(field, message);
        default:
                return sd_bus_message_read_basic(message, type, field);
        }
}

static const struct Property *find_property(const char *name) {
        for (size_t i = 0; i < G_N_ELEMENTS(table); i++)
                if (g_str_equal(table[i].name, name))
                        return &table[i];
        return NULL;
}

typedef struct Reading {
        JobProperties *properties;
        BusEntryReader take; /* of what is not in the table; may be NULL */
        void *userdata;
} Reading;

static int read_known(JobProperties *properties, const struct Property *property, sd_bus_message *message) {
        int r;

        r = sd_bus_message_enter_container(message, 'v', property->type);
        if (r < 0)
                return r;
        r = read_value(field_of(properties, property), property->type[0], message);
        return r < 0 ? r : sd_bus_message_exit_container(message);
}

static int read_property(const char *name, sd_bus_message *message, void *userdata) {
        const Reading *reading = userdata;
        const struct Property *property = find_property(name);
        int r = 0;

        if (property)
                r = read_known(reading->properties, property, message);
        else if (reading->take)
                r = reading->take(name, message, reading->userdata);
        return r == -ENXIO ? -EINVAL : r;
}

static bool state_is_valid(const char *state) {
        static const char *const states[] = { JOB_STATE_STARTING, JOB_STATE_RUNNING, JOB_STATE_EXITED, JOB_STATE_FAILED,
                NULL };

        return g_strv_contains(states, state);
}

int job_properties_read(JobProperties *properties, sd_bus_message *message, BusEntryReader take, void *userdata) {
        Reading reading = { .properties = properties, .take = take, .userdata = userdata };
        int r = bus_dict_read(message, read_property, &reading);

        if (r < 0)
                return r;
        return state_is_valid(properties->state) ? 0 : -EINVAL;
}

static bool differs(const JobProperties *a, const JobProperties *b, const struct Property *property) {
        const void *in_a = field_of(a, property), *in_b = field_of(b, property);

        switch (property->type[0]) {
        case 's':
                return !g_str_equal(*(char *const *) in_a, *(char *const *) in_b);
        case 'a':
                return !g_strv_equal(*(const char *const *const *) in_a, *(const char *const *const *) in_b);
        default:
                return memcmp(in_a, in_b, size_of(property)) != 0;
        }
}

GPtrArray *job_properties_diff(const JobProperties *a, const JobProperties *b) {
        GPtrArray *names = g_ptr_array_new();

        for (size_t i = 0; i < G_N_ELEMENTS(table); i++)
                if (differs(a, b, &table[i]))
                        g_ptr_array_add(names, (char *) table[i].name);
        g_ptr_array_add(names, NULL);
        return names;
}

static int append_value(const void *field, const char *type, sd_bus_message *message) {
        switch (type[0]) {
        case 's':
                return sd_bus_message_append_basic(message, 's', *(char *const *) field);
        case 'a':
                return sd_bus_message_append_strv(message, *(char **const *) field);
        default:
                return sd_bus_message_append_basic(message, type[0], field);
        }
}

static int append_property(const JobProperties *properties, const struct Property *property, sd_bus_message *message) {
        int r;

        r = bus_entry_open(message, 'e', property->name, property->type);
        if (r >= 0)
                r = append_value(field_of(properties, property), property->type, message);
        return r < 0 ? r : bus_entry_close(message);
}

int job_properties_append(const JobProperties *properties, const JobProperties *before, sd_bus_message *message) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < G_N_ELEMENTS(table); i++)
                if (!before || differs(properties, before, &table[i]))
                        r = append_property(properties, &table[i], message);
        return r;
}

static void save_property(const void *field, const struct Property *property, GKeyFile *file) {
        const char *group = JOB_PROPERTIES_GROUP, *key = property->name;

        switch (property->type[0]) {
        case 's':
                g_key_file_set_string(file, group, key, *(char *const *) field);
                break;
        case 'a': {
                const char *const *strings = *(const char *const *const *) field;

                g_key_file_set_string_list(file, group, key, strings, g_strv_length((char **) strings));
                break;
        }
        case 't':
                g_key_file_set_uint64(file, group, key, *(const uint64_t *) field);
                break;
        case 'u':
                g_key_file_set_uint64(file, group, key, *(const uint32_t *) field);
                break;
        default:
                g_key_file_set_int64(file, group, key, *(const int32_t *) field);
        }
}

void job_properties_save(const JobProperties *properties, GKeyFile *file) {
        for (size_t i = 0; i < G_N_ELEMENTS(table); i++)
                save_property(field_of(properties, &table[i]), &table[i], file);
}

static int load_string(GKeyFile *file, const char *key, char **field) {
        char *value = g_key_file_get_string(file, JOB_PROPERTIES_GROUP, key, NULL);

        if (!value)
                return -EINVAL;
        g_free(*field);
        *field = value;
        return 0;
}

static int load_strings(GKeyFile *file, const char *key, char ***field) {
        char **value = g_key_file_get_string_list(file, JOB_PROPERTIES_GROUP, key, NULL, NULL);

        if (!value)
                return -EINVAL;
        g_strfreev(*field);
        *field = value;
        return 0;
}

static int load_unsigned(GKeyFile *file, const char *key, uint64_t max, uint64_t *ret_value) {
        g_autoptr(GError) error = NULL;
        uint64_t value = g_key_file_get_uint64(file, JOB_PROPERTIES_GROUP, key, &error);

        if (error || value > max)
                return -EINVAL;
        *ret_value = value;
        return 0;
}

static int load_integer(GKeyFile *file, const char *key, int32_t *field) {
        g_autoptr(GError) error = NULL;
        int64_t value = g_key_file_get_int64(file, JOB_PROPERTIES_GROUP, key, &error);

        if (error || value < INT32_MIN || value > INT32_MAX)
                return -EINVAL;
        *field = (int32_t) value;
        return 0;
}

static int load_property(GKeyFile *file, const struct Property *property, void *field) {
        uint64_t value;
        int r;

        switch (property->type[0]) {
        case 's':
                return load_string(file, property->name, field);
        case 'a':
                return load_strings(file, property->name, field);
        case 't':
                return load_unsigned(file, property->name, UINT64_MAX, field);
        case 'u':
                r = load_unsigned(file, property->name, UINT32_MAX, &value);
                if (r >= 0)
                        *(uint32_t *) field = (uint32_t) value;
                return r;
        default:
                return load_integer(file, property->name, field);
        }
}

int job_properties_load(GKeyFile *file, JobProperties *ret_properties) {
        g_auto(JobProperties) properties;
        int r = 0;

        job_properties_init(&properties);
        for (size_t i = 0; r >= 0 && i < G_N_ELEMENTS(table); i++)
                r = load_property(file, &table[i], field_of(&properties, &table[i]));
        if (r < 0)
                return r;
        if (!state_is_valid(properties.state))
                return -EINVAL;
        *ret_properties = properties;
        properties = (JobProperties) {};
        return 0;
}
