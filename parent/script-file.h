/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A script's text where a process of the job can read it: in memory of ours, under a path of /proc that ends with us; or,
 * where the process does not see our /proc (another pid namespace, a chroot), in a file of its own /tmp.
 */

#include <stddef.h>
#include <sys/types.h>

typedef struct ScriptFile {
        int fd;
        char *path; /* as the process has it */
        char *file; /* to be removed, as we have it; NULL: none */
} ScriptFile;

#define SCRIPT_FILE_NONE ((ScriptFile) { .fd = -1 })

/* Returns 0 or a negative errno. */
int script_file_new(pid_t reader, const void *text, size_t size, ScriptFile *ret_file);
void script_file_clear(ScriptFile *file);
