/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Starting a job: what is asked for is checked, the job launched, and the call answered when the command has been executed. */

#include <systemd/sd-bus.h>

#include "daemon/job.h"
#include "helicopter/job-start.h"

/* From the request to the command's execution. A service manager under load takes its time. */
#define START_TIMEOUT (60 * G_USEC_PER_SEC)

/* The method StartJob. */
int start_job(sd_bus_message *message, void *manager, sd_bus_error *error);

/*
 * Whether a job can be started with this, as far as that can be told before. grant_policy: NULL for the usual one. Returns 0 and
 * what the properties mean (daemon/unit-property.h), owned by the caller; or a negative errno and sets *error: BadCommand,
 * BadDirectory, BadOption, InvalidArgs.
 */
int start_check(const JobStart *start, const char *grant_policy, GPtrArray **ret_settings, sd_bus_error *error);

/* Set *error for a daemon that is about to end. Returns the negative errno of it. */
int start_refuse(sd_bus_error *error);

typedef enum StartOutcome {
        START_PENDING,
        START_DONE,   /* its command was executed; it may have ended since */
        START_FAILED, /* and never will be */
} StartOutcome;

StartOutcome start_outcome(const Job *job);

/* Answer a call with the reason why the job did not start. */
void start_reply_failure(const Job *job, sd_bus_message *call);

/* A WaitExpired: a job that has not started in time has failed, so that its name is not taken by what will never be. */
void start_expired(Job *job);
