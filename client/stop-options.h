/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The verbs that end a job politely: their command line, and the call that they make. */

#include "client/connection.h"
#include "client/options.h"

typedef struct StopOptions {
        char *job;
        const char *name; /* that of the option or of the argument; NULL: neither was given */
        uint64_t grace;   /* in microseconds */
} StopOptions;

void stop_options_clear(StopOptions *options);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(StopOptions, stop_options_clear)

/* As options_parse(). options: zeroed before. */
int stop_options_parse(const Verb *verb, StopOptions *options, int argc, char **argv);

/*
 * Call Stop or Restart of a job with them, and wait for the answer: for the grace period, what ending takes beyond that, and `margin`
 * microseconds. 0, or a negative errno and *error set.
 */
int stop_options_call(const StopOptions *options, Connection *connection, const char *object, const char *method,
        uint64_t margin, sd_bus_error *error);
