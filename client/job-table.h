/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Jobs as a table on stdout, as wide as its terminal. */

#include <glib.h>

/* jobs: JobInfo. found: what job_where_ask() found for them, which makes it the long table, or NULL. */
void job_table_print(GPtrArray *jobs, GPtrArray *found);
