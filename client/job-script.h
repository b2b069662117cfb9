/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Having a process of a job run a script: the calls LookAhead, RemoteExec and Wake of org.helicopter1.Job. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "client/job-wait.h"

/*
 * Say that a script is about to come, without waiting for an answer: what Wake would have to find out first is begun meanwhile. That it
 * fails, also because the daemon or the job's parent is older, is of no consequence.
 */
void job_script_look_ahead(JobWatch *watch, pid_t target);

/*
 * Make a call of RemoteExec. *ret_guard: closing it withdraws the script; owned by the caller, set on success only. Returns
 * 0 or a negative errno.
 */
int job_script_queue_call(JobWatch *watch, pid_t target, int script, int *ret_guard, sd_bus_message **ret_call);

/*
 * Make a call of Wake. mode: "auto", "force", "off", or NULL for the default. deadline: CLOCK_MONOTONIC, in microseconds.
 * *ret_patience: how long to wait for the reply, a little longer than the daemon itself does. Returns 0 or a negative errno.
 */
int job_script_wake_call(JobWatch *watch, pid_t target, const char *mode, uint64_t deadline, sd_bus_message **ret_call,
        uint64_t *ret_patience);

/*
 * Read Wake's reply. *ret_thread: the thread that took the script, 0 where that is the main one; *ret_reason: why it was
 * another, owned by the caller. Returns 0 or a negative errno.
 */
int job_script_read_woken(sd_bus_message *reply, uint32_t *ret_thread, char **ret_reason);

/*
 * Both calls, one after the other, waiting for each. Returns 0 and what job_script_read_woken() and job_script_queue_call() set,
 * or a negative errno with *error set; the script is withdrawn then.
 */
int job_script_run(JobWatch *watch, pid_t target, int script, const char *mode, uint64_t deadline, int *ret_guard,
        uint32_t *ret_thread, char **ret_reason, sd_bus_error *error);

/* What is left until a deadline (CLOCK_MONOTONIC, microseconds), at least a millisecond. */
uint64_t job_script_time_left(uint64_t deadline);
