/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The process of a job that a verb is for, and the options which name it. */

#include <glib.h>
#include <sys/types.h>

#include "client/job-wait.h"
#include "client/options.h"

#define TARGET_TIMEOUT 10.0

typedef struct TargetOptions {
        char *job;
        int pid; /* 0: the job's main process */
        gboolean force;
        double seconds;    /* set to TARGET_TIMEOUT before parsing */
        uint64_t deadline; /* set by target_options_check(): CLOCK_MONOTONIC, microseconds */
} TargetOptions;

void target_options_clear(TargetOptions *options);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TargetOptions, target_options_clear)

/* For a verb's table of options. */
#define OPTIONS_TARGET(options)                                                                                      \
        OPTION_JOB(&(options)->job),                                                                                 \
                { "pid", 'p', 0, G_OPTION_ARG_INT, &(options)->pid, "This process of a job (default: its main one)", \
                        "PID" },                                                                                     \
                { "force", 'f', 0, G_OPTION_ARG_NONE, &(options)->force, "Take the job over from another tracer",    \
                        NULL },                                                                                      \
                { "timeout", 't', 0, G_OPTION_ARG_DOUBLE, &(options)->seconds,                                       \
                        "Seconds to wait for the job (default: 10)", "S" }

/* Parse the command line of a verb that has only these. As options_parse(). */
int target_options_parse(const Verb *verb, TargetOptions *options, int *argc, char ***argv);

/* Look at the values that were given, and begin to count. Returns 0, or -EINVAL when an error was told. */
int target_options_check(const Verb *verb, TargetOptions *options);

/*
 * Connect to the daemon, and find the job with that name, or that --pid belongs to, or the only one. The watch is only good with the
 * connection. Returns 0, or a negative errno with *error set.
 */
int target_open(const TargetOptions *options, const char *name, Connection **ret_connection, JobWatch **ret_watch,
        sd_bus_error *error);

/* The pid that is meant. */
pid_t target_pid(const TargetOptions *options, const JobWatch *watch);
