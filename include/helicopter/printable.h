/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

/*
 * Foreign text as it may stand in a message: valid UTF-8 (sd-bus cannot send anything else), '?' for control characters
 * (a terminal obeys them), cut in front of a character with "…" behind when it is longer than max bytes. Owned by the
 * caller.
 */
char *printable(const char *text, size_t max);
