/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Messages of the daemon and of the parent, on stderr: with the priority in front where stderr is the journal
 * (sd-daemon(3)), with the program's name elsewhere. The library itself does not log.
 */

#include <glib.h>
#include <syslog.h>

/* program: static. Call once, before threads. Debug messages are shown when $HELICOPTER_DEBUG is set. */
void log_open(const char *program);

void log_message(int priority, const char *format, ...) G_GNUC_PRINTF(2, 3);

#define log_error(...) log_message(LOG_ERR, __VA_ARGS__)
#define log_warning(...) log_message(LOG_WARNING, __VA_ARGS__)
#define log_info(...) log_message(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_message(LOG_DEBUG, __VA_ARGS__)
