/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/json.h"

#include <errno.h>
#include <json-glib/json-glib.h>
#include <stdio.h>

#include "client/client-error.h"
#include "client/library.h"

static const char *const names[] = { "libjson-glib-1.0.so.0", NULL };

#define FUNCTIONS(X)                     \
        X(json_builder_new)              \
        X(json_builder_begin_object)     \
        X(json_builder_end_object)       \
        X(json_builder_begin_array)      \
        X(json_builder_end_array)        \
        X(json_builder_set_member_name)  \
        X(json_builder_add_string_value) \
        X(json_builder_add_int_value)    \
        X(json_builder_add_null_value)   \
        X(json_builder_get_root)         \
        X(json_to_string)                \
        X(json_node_unref)               \
        X(g_object_unref)

static struct {
        FUNCTIONS(LIBRARY_MEMBER)
} library;

static const LibraryFunction functions[] = { FUNCTIONS(LIBRARY_ENTRY) };

struct Json {
        JsonBuilder *builder;
};

int json_new(Json **ret_json, sd_bus_error *error) {
        g_autofree char *why = NULL;
        Json *json;

        if (library_load(names, functions, G_N_ELEMENTS(functions), &why) < 0)
                return client_error_set(error, CLIENT_ERROR_NO_JSON, ELIBACC, "JSON cannot be printed: %s", why);
        json = g_new0(Json, 1);
        json->builder = library.json_builder_new();
        *ret_json = json;
        return 0;
}

Json *json_free(Json *json) {
        if (!json)
                return NULL;
        library.g_object_unref(json->builder);
        g_free(json);
        return NULL;
}

static void set_key(Json *json, const char *key) {
        if (key)
                library.json_builder_set_member_name(json->builder, key);
}

void json_begin_object(Json *json, const char *key) {
        set_key(json, key);
        library.json_builder_begin_object(json->builder);
}

void json_end_object(Json *json) {
        library.json_builder_end_object(json->builder);
}

void json_begin_array(Json *json, const char *key) {
        set_key(json, key);
        library.json_builder_begin_array(json->builder);
}

void json_end_array(Json *json) {
        library.json_builder_end_array(json->builder);
}

void json_add_text(Json *json, const char *key, const char *value) {
        set_key(json, key);
        library.json_builder_add_string_value(json->builder, value);
}

void json_add_string(Json *json, const char *key, const char *value) {
        if (value && *value)
                json_add_text(json, key, value);
        else
                json_add_null(json, key);
}

void json_add_number(Json *json, const char *key, gint64 value) {
        set_key(json, key);
        library.json_builder_add_int_value(json->builder, value);
}

void json_add_null(Json *json, const char *key) {
        set_key(json, key);
        library.json_builder_add_null_value(json->builder);
}

void json_print(Json *json) {
        JsonNode *root = library.json_builder_get_root(json->builder);
        g_autofree char *text = library.json_to_string(root, TRUE);

        printf("%s\n", text);
        library.json_node_unref(root);
}
