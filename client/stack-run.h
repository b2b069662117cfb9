/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Showing the Python stacks of a process, by its own interpreter. The caller has a lease of it. */

#include <stdint.h>
#include <sys/types.h>

#include "client/interpreter.h"

/*
 * job: its name, for what is said of a failure. form: "text", "json" or "brief", see stack.py. timeout: in microseconds. Returns 0
 * when they were shown, or a negative errno; why not, and what to do, was told.
 */
int stack_run(const Interpreter *interpreter, const char *job, pid_t target, const char *form, uint64_t timeout);
