/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Values of unit properties, in the notations of systemd.exec(5), systemd.resource-control(5) and systemd.time(7). All return 0, or
 * -EINVAL for what is no such value. */

#include <glib.h>
#include <stdint.h>

/* A number with K, M, G, T, P or E (powers of 1024) behind it; UINT64_MAX for "infinity". */
int unit_value_size(const char *text, uint64_t *ret_size);

/* "12.5%", in hundredths of a percent. At most two decimals. */
int unit_value_percent(const char *text, uint64_t *ret_hundredths);

/* Microseconds: of seconds, or of numbers with us, ms, s, min, h, d, w or their longer names behind each; UINT64_MAX for
 * "infinity". */
int unit_value_span(const char *text, uint64_t *ret_microseconds);

int unit_value_integer(const char *text, int64_t low, int64_t high, int64_t *ret_number);

/* An octal file mode. */
int unit_value_mode(const char *text, uint32_t *ret_mode);

/* The number of a signal, by its name with or without SIG, or by its number; or -EINVAL. */
int unit_value_signal(const char *text);

/* "0-3,8 10": one bit for each CPU, the lowest first. Owned by the caller. */
int unit_value_cpus(const char *text, GBytes **ret_set);
