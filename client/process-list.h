/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The processes of a job: ListProcesses of org.helicopter1.Job. */

#include <glib.h>
#include <stdint.h>

#include "client/job-wait.h"

typedef struct JobProcess {
        uint32_t pid, parent_pid;
        char *state;          /* one letter */
        char *python_version; /* empty: not a Python, or unknown */
        char *command;
} JobProcess;

/* Ask for them. *ret_processes: an array of JobProcess, the main one first. Returns 0, or a negative errno with *error set. */
int process_list_get(Connection *connection, const char *object, GPtrArray **ret_processes, sd_bus_error *error);

/* The one with that pid, or NULL. */
const JobProcess *process_list_find(const GPtrArray *processes, uint32_t pid);

/* The letter as a word: "running", "sleeping" … Static. */
const char *process_list_state(const JobProcess *process);

/* The Python version of a process of the job, as far as it is known; else NULL. Owned by the caller. */
char *process_list_version(JobWatch *watch, uint32_t pid);
