/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The Python that fits a job: its own, since pdb wants the same version on both sides. */

#include <glib.h>
#include <sys/types.h>
#include <systemd/sd-bus.h>

typedef struct Interpreter {
        char *file;         /* what to execute */
        char *name;         /* its argv[0], from which it finds its library */
        char *library_path; /* LD_LIBRARY_PATH that it may need, or NULL */
} Interpreter;

/*
 * Find it. version: what the daemon knows of the job's Python ("3.14.8"), or NULL or empty; used where the job's
 * program is not an interpreter itself but has one within. Returns 0, or a negative errno with *error set.
 */
int interpreter_find(pid_t pid, const char *version, Interpreter *ret_interpreter, sd_bus_error *error);

void interpreter_clear(Interpreter *interpreter);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Interpreter, interpreter_clear)
