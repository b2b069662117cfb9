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
        uint64_t timeout;  /* set by target_options_check(), in microseconds */
        uint64_t deadline; /* set by target_open(): CLOCK_MONOTONIC, microseconds */
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

/* Look at the values that were given. Returns 0, or -EINVAL when an error was told. */
int target_options_check(const Verb *verb, TargetOptions *options);

/*
 * Begin to count the time, connect to the daemon, and find the job with that name, or that --pid belongs to, or the only one. A number
 * that no job's name begins with is a pid, as if it had been given to --pid. The watch is only good with the connection.
 * Returns 0, or a negative errno with *error set.
 */
int target_open(TargetOptions *options, const char *name, Connection **ret_connection, JobWatch **ret_watch,
        sd_bus_error *error);

/* As report_failure(), with the job's name. watch: NULL when no job was found. */
void target_report_failure(const JobWatch *watch, sd_bus_error *error, int r);

/* The pid that is meant. */
pid_t target_pid(const TargetOptions *options, const JobWatch *watch);
