/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What is said to the user. Data goes to stdout, by whoever has it; everything else goes to stderr, through here. */

#include <stdbool.h>
#include <stdio.h>
#include <systemd/sd-bus.h>

/* One line. */
void report_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* What went wrong, as one line with the program's name in front. */
void report_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* What went wrong and, on a line of its own, what to do about it. r: a negative errno, for an error that was not set. Returns
 * EXIT_FAILURE. */
int report_failure(const sd_bus_error *error, int r);

/* What to do about an error of that name, as one line. */
void report_remedy(const char *name);

/* Whether the locale is UTF-8. */
bool report_utf8(void);

/* Whether a stream takes colours: a terminal, through a pager or not, and neither NO_COLOR nor TERM=dumb. */
bool report_colours(FILE *stream);

/* The escape sequence of an SGR attribute ("1", "32", "0" …) when the stream takes colours, else "". Static. */
#define report_colour(stream, sgr) (report_colours(stream) ? "\033[" sgr "m" : "")
