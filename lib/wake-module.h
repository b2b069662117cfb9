/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Libraries that have a part in making a system call for somebody else, by their files' names. */

#include <stdbool.h>

/* The C library: functions that make the call itself. */
bool wake_module_is_libc(const char *path);
/* OpenSSL, which reads and writes the sockets of Python's ssl module. */
bool wake_module_is_tls(const char *path);
