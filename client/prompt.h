/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The prompt: verbs, line by line. */

/* Run it to its end. Returns the exit code. */
int prompt_run(void);
