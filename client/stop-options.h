/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The command line of the verbs that end a job politely. */

#include "client/options.h"

/* What the daemon and the kernel may take beyond the grace period, in microseconds. */
#define STOP_MARGIN (15 * G_USEC_PER_SEC)

typedef struct StopOptions {
        char *job;
        const char *name; /* that of the option or of the argument; NULL: neither was given */
        uint64_t grace;   /* in microseconds */
} StopOptions;

void stop_options_clear(StopOptions *options);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(StopOptions, stop_options_clear)

/* As options_parse(). options: zeroed before. */
int stop_options_parse(const Verb *verb, StopOptions *options, int argc, char **argv);

/* Append them as the options of the methods Stop and Restart. 0 or a negative errno. */
int stop_options_append(const StopOptions *options, sd_bus_message *call);
