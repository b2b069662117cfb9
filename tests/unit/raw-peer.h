/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a peer of the daemon's sends, byte by byte. */

#include <stddef.h>
#include <sys/types.h>

/* All of it is sent, or the test fails. */
void raw_peer_send(int fd, const void *data, size_t size);

/* The same, and a duplicate of the descriptor along with it. */
void raw_peer_send_with(int fd, const void *data, size_t size, int descriptor);

/* The line that asks for authentication as that user. Owned by the caller. */
char *raw_peer_first_line(uid_t uid);

/* Send what a connection begins with: a NUL and that line. */
void raw_peer_begin(int fd, uid_t uid);
