/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The Python that fits a process of a job: its own, since what looks into a Python wants to be of the same version. */

#include <glib.h>
#include <sys/types.h>
#include <systemd/sd-bus.h>

typedef struct Interpreter {
        char *file;         /* what to execute */
        char *name;         /* its argv[0], from which it finds its library */
        char *library_path; /* LD_LIBRARY_PATH that it may need, or NULL */
} Interpreter;

/*
 * Find it: the very program of the process where its path still leads to that. Where the program was replaced or removed on disk, or
 * is in another mount namespace: the file that /proc/PID/exe stands for, if it works and is of that version, else
 * one of the same version in the PATH. Where it only has a Python within: one of the same version in the PATH.
 * version: what the daemon knows of the process's Python ("3.14.8"), or NULL or empty. Returns 0, or a negative errno
 * with *error set, which does not name the job (client_error_name_job()).
 */
int interpreter_find(pid_t pid, const char *version, Interpreter *ret_interpreter, sd_bus_error *error);

void interpreter_clear(Interpreter *interpreter);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Interpreter, interpreter_clear)
