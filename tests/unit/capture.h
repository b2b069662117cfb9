/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What is written to stderr meanwhile. */

void capture_begin(void);

/* stderr is as it was; returns what was written, owned by the caller. */
char *capture_end(void);
