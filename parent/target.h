/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A process of the job that something is to be done with, and what to say when that cannot be done. */

#include <systemd/sd-bus.h>

#include "helicopter/python-runtime.h"
#include "parent/supervisor.h"

typedef struct Target {
        pid_t pid;
        int pidfd;
} Target;

#define TARGET_NONE ((Target) { .pidfd = -1 })

/*
 * Hold a process, seen to be below us while it is held. pid: 0 for the job's main process. Returns 0, or a negative
 * errno and sets *error: TargetGone, NotInJob.
 */
int target_hold(const Supervisor *supervisor, uint32_t pid, Target *ret_target, sd_bus_error *error);
/* 0 or a negative errno. */
int target_copy(const Target *target, Target *ret_target);
void target_clear(Target *target);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Target, target_clear)

/*
 * Whether a process's numbers are ours, and whether it can open our descriptors: it is in the same pid and user namespace.
 * Returns 0, or a negative errno and sets *error.
 */
int target_check_namespaces(pid_t pid, sd_bus_error *error);

/* Set *error for what python_runtime_find() or remote_exec_open() returned, -EAGAIN included. Returns a negative errno. */
int target_python_error(pid_t pid, int r, const PythonRuntime *runtime, sd_bus_error *error);

/* The same for what injection_call() returned, or a write to the process's memory. */
int target_trace_error(pid_t pid, int r, sd_bus_error *error);
