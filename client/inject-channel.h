/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Between `inject` and its script in a job: what the script is, what it writes, and its end. The job opens these descriptors
 * through /proc/PID/fd (inject-job.py says how they are used).
 */

#include <stdbool.h>
#include <stdint.h>

/* More than this is no script. */
#define INJECT_SCRIPT_MAX (16u * 1024u * 1024u)

typedef struct InjectChannel {
        int script, output, errors; /* memfds */
        int end[2];                 /* a pipe: reading end, writing end */
        /* What was told through the pipe. */
        bool begun, dropped, ended, raised;
} InjectChannel;

#define INJECT_CHANNEL_NONE ((InjectChannel) { .script = -1, .output = -1, .errors = -1, .end = { -1, -1 } })

/* Make everything, with a script read from a descriptor to its end. Returns 0, -EFBIG, or another negative errno. */
int inject_channel_open(InjectChannel *channel, int source);
void inject_channel_close(InjectChannel *channel);

/* A memfd with what the job is to run: inject-job.py, told of the descriptors. Returns it, or a negative errno. */
int inject_channel_wrap(const InjectChannel *channel);

/*
 * Wait for the script's end until a deadline (CLOCK_MONOTONIC, microseconds), or for that of target, a pidfd. Returns 0 when it
 * has ended, -ETIMEDOUT, -ESRCH when the process has ended, -ECONNRESET when the script went without a word, or another negative
 * errno.
 */
int inject_channel_wait(InjectChannel *channel, int target, uint64_t deadline);

/* Write what the script has written to stdout and stderr. Returns 0 or a negative errno. */
int inject_channel_copy(const InjectChannel *channel);
