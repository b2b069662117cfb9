/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a job has written, from the journal or from a file, copied to stdout. */

#include <stdbool.h>
#include <stdint.h>

#include "client/job-info.h"

#define OUTPUT_ALL_LINES UINT64_MAX

typedef struct OutputOptions {
        uint64_t lines;  /* this many of the last ones, or OUTPUT_ALL_LINES */
        uint64_t since;  /* from this time on, in microseconds since the epoch; 0: from the job's start */
        bool timestamps; /* with the time in front of each line */
} OutputOptions;

typedef struct Output Output;

struct Output {
        /* Copy what there is by now. Returns 1 when there was something, 0, or a negative errno. */
        int (*copy)(Output *output);
        /* Say what the descriptor is to be polled for, and how long at most (microseconds; UINT64_MAX: for ever). */
        void (*prepare)(Output *output, short *ret_events, uint64_t *ret_timeout);
        void (*free)(Output *output);
        int fd; /* becomes ready when there may be more */
};

/* NULL is fine. */
Output *output_free(Output *output);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Output, output_free)

/* The journal's entries of a unit of the user's service manager. Returns 0 or a negative errno. */
int output_journal_open(const char *unit, const OutputOptions *options, Output **ret_output);

/* A file. It has no times: options are its lines only. Returns 0 or a negative errno. */
int output_file_open(const char *path, const OutputOptions *options, Output **ret_output);

/*
 * What the job has written. follow: go on with what it writes until it has ended, over all restarts of the daemon. Returns 0, or a
 * negative errno with *error set.
 */
int output_show(const JobInfo *job, const OutputOptions *options, bool follow, sd_bus_error *error);
