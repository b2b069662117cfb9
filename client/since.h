/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A point of time, as people write it. */

#include <stdbool.h>
#include <stdint.h>

/*
 * "10min", "-2h", "1h 30min ago", "90" (seconds): so long before now; "today", "yesterday", "now"; "14:30" and "14:30:05", of today;
 * "2025-06-03", "2025-06-03 14:30" and ISO 8601, in local time unless it says otherwise. now, and what is set: microseconds since the
 * epoch. Returns 0, or -EINVAL.
 */
int since_parse(const char *text, uint64_t now, uint64_t *ret_time);
