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

/* CPU time in microseconds: "1.3s" below a minute, else as text_span(). Owned by the caller. */
char *text_duration(uint64_t duration);

/* A number of bytes: "412B", "1.5K", "20.3M" … with powers of 1024. Owned by the caller. */
char *text_bytes(uint64_t bytes);

/*
 * A file's path in at most width columns (0: as long as it is), as its end tells most: the home folder is "~", and folders are left out
 * behind the first slash, "~/…/epoch/train.py", then the beginning of what is left. Owned by the caller.
 */
char *text_path(const char *path, unsigned width);

/* The columns that a string takes. */
unsigned text_width(const char *string);

/* The columns that stdout's terminal has, also behind a pager, or 0 when it is none. */
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

/* The columns that such a table takes when nothing is cut, with a gap behind its last column. */
unsigned text_table_width(GPtrArray *rows);
