/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

/* Foreign text, which may be any bytes, as D-Bus can carry it: U+FFFD stands for what is not UTF-8. Owned by the caller. */
char *valid_utf8(const char *text);

/*
 * Foreign text as it may stand in a message: valid UTF-8 (sd-bus cannot send anything else), '?' for control characters
 * (a terminal obeys them), cut in front of a character with "…" behind when it is longer than max bytes. Owned by the
 * caller.
 */
char *printable(const char *text, size_t max);
