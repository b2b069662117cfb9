/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * JSON on stdout, for --json: keys are lower-case words with '_' between, what is not known is null. json-glib writes it, and is
 * loaded by json_new().
 */

#include <glib.h>
#include <systemd/sd-bus.h>

typedef struct Json Json;

/* Returns 0, or a negative errno and *error when json-glib cannot be loaded. */
int json_new(Json **ret_json, sd_bus_error *error);

/* NULL is fine. */
Json *json_free(Json *json);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Json, json_free)

/* In all of these, key is that of an object's member; NULL in an array, and for the outermost value. */

void json_begin_object(Json *json, const char *key);
void json_end_object(Json *json);

void json_begin_array(Json *json, const char *key);
void json_end_array(Json *json);

/* A string in UTF-8, null where it is empty or NULL. */
void json_add_string(Json *json, const char *key, const char *value);

/* A string in UTF-8, also where it is empty. */
void json_add_text(Json *json, const char *key, const char *value);

void json_add_number(Json *json, const char *key, gint64 value);
void json_add_null(Json *json, const char *key);

/* Print what was built, with a newline behind. Nothing can be added afterwards. */
void json_print(Json *json);
