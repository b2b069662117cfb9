/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The interpreters and thread states of a Python process. It may be hostile: lists may be endless, cyclic or lead nowhere. */

#include <stdint.h>
#include <sys/types.h>

#include "helicopter/remote-exec.h"
#include "lib/python-offsets.h"

/*
 * Whether Python has started and does not end yet; before and after that, a script may be more than it can stand, and find half of the built-in
 * functions only. (The site module is imported after the start; for CPython that is running as anything else is.)
 * runtime: the address of _PyRuntime. Returns 0, -EAGAIN, -EBADMSG, or an error of process_memory_read().
 */
int python_interpreter_check_started(pid_t pid, uint64_t runtime, const PythonOffsets *offsets);

/*
 * The main interpreter, which has the id 0 (others are newer, and come first in the list). runtime: the address of
 * _PyRuntime. Returns 0, or
 *   -EAGAIN   Python has not started, or is ending
 *   -EBADMSG  the list makes no sense
 * or an error of process_memory_read().
 */
int python_interpreter_main(pid_t pid, uint64_t runtime, const PythonOffsets *offsets, uint64_t *ret_interpreter);

/*
 * The interpreter's threads, the main thread first; the main thread is the oldest where none is said to be (in a child
 * forked by another thread, in a program that embeds Python). At most max; returns their number (at least 1), -EAGAIN
 * when there is none, -EBADMSG or an error of process_memory_read().
 */
int python_interpreter_threads(
        pid_t pid, uint64_t interpreter, const PythonOffsets *offsets, PythonThread *threads, size_t max);

/* The first of them alone, which need not be looked for among the others in most cases: 0, or the same errors. */
int python_interpreter_main_thread(
        pid_t pid, uint64_t interpreter, const PythonOffsets *offsets, PythonThread *ret_thread);

/* Whether this is a thread of the interpreter: 0, -ESRCH, or an error of python_interpreter_threads(). */
int python_interpreter_check_thread(
        pid_t pid, uint64_t interpreter, const PythonOffsets *offsets, const PythonThread *thread);
