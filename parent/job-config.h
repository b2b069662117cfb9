/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A job in a file, for helicopter-job@.service:
 *
 *     [Job]
 *     Command=python3 train.py --epochs 100
 *     WorkingDirectory=~/project
 *     Environment=CUDA_VISIBLE_DEVICES=0 "GREETING=two words"
 *     GrantPolicy=ask-terminal
 *
 * Command and Environment are split into words as a shell does it, without expanding anything. WorkingDirectory is
 * absolute or below the home folder, which it is by default. GrantPolicy is a name of it, same-user by default.
 */

#include <glib.h>

#include "helicopter/grant-policy.h"

typedef struct JobConfig {
        char **command;
        char *working_directory;
        char **environment; /* NAME=VALUE, to be added to the parent's own */
        GrantPolicy grant_policy;
} JobConfig;

void job_config_clear(JobConfig *config);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(JobConfig, job_config_clear)

/* Read a file. Returns 0, or a negative errno and sets *error; *ret_config is set on 0 only. */
int job_config_read(const char *path, JobConfig *ret_config, GError **error);
