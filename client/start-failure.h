/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

/*
 * Tell that a job did not start, as report_failure() does. Returns the exit code that says the same: EXIT_NOT_FOUND,
 * EXIT_NOT_EXECUTABLE, or `otherwise`.
 */
int start_failure(const sd_bus_error *error, int r, int otherwise);
