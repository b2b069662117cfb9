/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

/* Write all of it to a file that takes it at once, or to a pipe that blocks. Returns 0 or a negative errno. */
int write_all(int fd, const void *data, size_t size);
