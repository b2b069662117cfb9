/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "helicopter/job-start.h"

#include <string.h>

#define COMMAND "command="
#define DIRECTORY "directory="
#define PROPERTY "property="
#define UMASK "umask="

void job_start_clear(JobStart *start) {
        g_clear_pointer(&start->environment, g_strfreev);
        g_clear_pointer(&start->command, g_strfreev);
        g_clear_pointer(&start->working_directory, g_free);
        g_clear_pointer(&start->properties, g_strfreev);
}

static void add(GByteArray *text, const char *key, const char *value) {
        g_byte_array_append(text, (const guint8 *) key, (guint) strlen(key));
        g_byte_array_append(text, (const guint8 *) value, (guint) strlen(value) + 1);
}

static void add_all(GByteArray *text, const char *key, char *const *values) {
        for (; values && *values; values++)
                add(text, key, *values);
}

GBytes *job_start_pack(const JobStart *start) {
        g_autofree char *mask = g_strdup_printf("%u", start->umask);
        GByteArray *text = g_byte_array_new();

        add_all(text, "", start->environment);
        add(text, "", "");
        add_all(text, COMMAND, start->command);
        add(text, DIRECTORY, start->working_directory);
        add_all(text, PROPERTY, start->properties);
        if (start->umask != UMASK_OF_LAUNCHER)
                add(text, UMASK, mask);
        return g_byte_array_free_to_bytes(text);
}

/* The next string of a text, owned by the caller; NULL after the last. The last one may lack its NUL. */
static char *next(const char **text, const char *end) {
        const char *from = *text;
        size_t length;

        if (from >= end)
                return NULL;
        length = strnlen(from, (size_t) (end - from));
        *text = from + length + 1;
        return g_strndup(from, length);
}

static char **read_environment(const char **text, const char *end) {
        GPtrArray *variables = g_ptr_array_new();
        char *variable;

        while ((variable = next(text, end)) && *variable)
                g_ptr_array_add(variables, variable);
        g_free(variable);
        g_ptr_array_add(variables, NULL);
        return (char **) g_ptr_array_free(variables, FALSE);
}

/* The value of a string that has the key; NULL of every other. */
static const char *value_of(const char *string, const char *key) {
        return g_str_has_prefix(string, key) ? string + strlen(key) : NULL;
}

static void read_rest(const char *text, const char *end, JobStart *start) {
        g_autoptr(GPtrArray) command = g_ptr_array_new(), properties = g_ptr_array_new();

        for (;;) {
                g_autofree char *string = next(&text, end);
                const char *value;

                if (!string)
                        break;

                if ((value = value_of(string, COMMAND)))
                        g_ptr_array_add(command, g_strdup(value));
                else if ((value = value_of(string, PROPERTY)))
                        g_ptr_array_add(properties, g_strdup(value));
                else if ((value = value_of(string, UMASK)))
                        start->umask = (uint32_t) g_ascii_strtoull(value, NULL, 10);
                else if ((value = value_of(string, DIRECTORY))) {
                        g_free(start->working_directory);
                        start->working_directory = g_strdup(value);
                }
        }
        g_ptr_array_add(command, NULL);
        g_ptr_array_add(properties, NULL);
        start->command = (char **) g_ptr_array_steal(command, NULL);
        start->properties = (char **) g_ptr_array_steal(properties, NULL);
}

void job_start_unpack(GBytes *text, JobStart *ret_start) {
        gsize size;
        const char *from = g_bytes_get_data(text, &size), *end = from + size;

        *ret_start = (JobStart) { .umask = UMASK_OF_LAUNCHER, .working_directory = g_strdup("") };
        ret_start->environment = read_environment(&from, end);
        read_rest(from, end, ret_start);
}
