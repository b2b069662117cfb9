/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The programs and libraries that are mapped into a process, and their files. */

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct Module {
        char *path;
        uint64_t start;
        uint64_t end;
        uint64_t first_end; /* of its first mapping */
        unsigned major, minor;
        uint64_t inode;
        bool code;
        bool python; /* it holds CPython's runtime; known once it has been opened */
} Module;

/* What is mapped from files, in the order of addresses: Module. Returns 0 or a negative errno. */
int modules_read(pid_t pid, GPtrArray **ret_modules);

/* The module that has an address, or NULL. */
Module *modules_find(GPtrArray *modules, uint64_t address);

/*
 * Open the very file that is mapped, and look whether it is a Python. Returns a descriptor, or -ESTALE when there is no way to
 * that file any more, or another negative errno.
 */
int module_open(Module *module, pid_t pid);
