/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What is mapped into a process, from /proc/PID/maps. */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

typedef struct ProcessMapping {
        uint64_t start;
        uint64_t end;
        uint64_t offset;       /* in the file */
        unsigned major, minor; /* of the file's device, which need not be the one that stat() says; 0: no file */
        uint64_t inode;
        bool code;        /* readable and executable */
        const char *path; /* as the kernel has it: " (deleted)" may be behind it, "[heap]" is one, "" is none, or
                             one that is too long to be used. The callback's only. */
} ProcessMapping;

/* Returns 0 to go on, else what process_maps_foreach() is to return. */
typedef int (*ProcessMapsCallback)(const ProcessMapping *mapping, void *data);

/*
 * Call back for each mapping, in the order of their addresses. Returns 0, what the callback returned, -ESRCH, -E2BIG
 * for an absurd number or length of mappings, or another negative errno. The mappings of a process that has ended, or of the
 * kernel's own, are none.
 */
int process_maps_foreach(pid_t pid, ProcessMapsCallback callback, void *data);

/* The same for such a file that is open, up to its end or to an error; -EBADMSG: it is no such file. */
int process_maps_parse(FILE *file, ProcessMapsCallback callback, void *data);
