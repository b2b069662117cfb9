/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* JSON on stdout, for --json: keys are lower-case words with '_' between, what is not known is null. */

#include <json-glib/json-glib.h>

/* Print what was built, with a newline behind. */
void json_print(JsonBuilder *builder);

/* A string, null where it is empty. */
void json_add_string(JsonBuilder *builder, const char *key, const char *value);

/* A number. */
void json_add_number(JsonBuilder *builder, const char *key, gint64 value);
