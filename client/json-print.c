/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/json-print.h"

#include <stdio.h>

void json_print(JsonBuilder *builder) {
        g_autoptr(JsonGenerator) generator = json_generator_new();
        g_autoptr(JsonNode) root = json_builder_get_root(builder);
        g_autofree char *text = NULL;

        json_generator_set_root(generator, root);
        json_generator_set_pretty(generator, TRUE);
        text = json_generator_to_data(generator, NULL);
        printf("%s\n", text);
}

void json_add_string(JsonBuilder *builder, const char *key, const char *value) {
        json_builder_set_member_name(builder, key);
        if (value && *value)
                json_builder_add_string_value(builder, value);
        else
                json_builder_add_null_value(builder);
}

void json_add_number(JsonBuilder *builder, const char *key, gint64 value) {
        json_builder_set_member_name(builder, key);
        json_builder_add_int_value(builder, value);
}
