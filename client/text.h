/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Text made to be shown: times, tables, and strings that come from others. */

#include <glib.h>
#include <stdint.h>
#include <stdio.h>

/* A copy in which everything that could move a terminal's cursor is a '?'. Owned by the caller. */
char *text_printable(const char *string);

/* "Tue 2025-06-03 10:11:12 CEST" of microseconds since the epoch, in local time; "-" for 0. Owned by the caller. */
char *text_timestamp(uint64_t time);

/* The two greatest units of a time span in microseconds: "3h 2min", "5s", "12 days 4h". Owned by the caller. */
char *text_span(uint64_t span);

/* The columns that stdout's terminal has, or 0 when it is none. */
unsigned text_columns(void);

/*
 * Append words to a text, on as many lines as it takes: indent is the column at which the text stands, and at which each line after the
 * first begins; no line is longer than width, as long as that is more than indent and some.
 */
void text_append_wrapped(GString *text, const char *words, unsigned indent, unsigned width);

/*
 * Print rows of cells (NULL-terminated arrays of strings) as a table with columns as wide as needed; the last is cut
 * where the line would be longer than width (0: never).
 */
void text_print_table(FILE *stream, GPtrArray *rows, unsigned width);
