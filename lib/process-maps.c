/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "lib/process-maps.h"

#include <errno.h>
#include <glib.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The kernel's own limit, vm.max_map_count, is 65530 where nobody has raised it. */
#define MAPPINGS_MAX (1024u * 1024u)

/* The kernel writes a newline in a path as \012, and nothing else that way. */
static void unescape(char *path) {
        char *to = path;

        for (const char *from = path; *from; to++) {
                if (strncmp(from, "\\012", 4) == 0) {
                        *to = '\n';
                        from += 4;
                } else
                        *to = *from++;
        }
        *to = '\0';
}

static char *skip_fields(char *text, unsigned number) {
        for (; number > 0; number--) {
                text += strcspn(text, " ");
                text += strspn(text, " ");
        }
        return text;
}

static int parse_line(char *line, ProcessMapping *ret_mapping) {
        ProcessMapping mapping = { 0 };
        char access[5];
        char *path, *newline;

        if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %x:%x %" SCNu64, &mapping.start, &mapping.end, access,
                    &mapping.offset, &mapping.major, &mapping.minor, &mapping.inode) != 7)
                return -EBADMSG;
        mapping.code = access[0] == 'r' && access[2] == 'x';
        newline = strchr(line, '\n');
        if (newline)
                *newline = '\0';
        path = skip_fields(line, 5);
        unescape(path);
        mapping.path = path;
        *ret_mapping = mapping;
        return 0;
}

static int foreach_line(FILE *file, ProcessMapsCallback callback, void *data) {
        char *line = NULL;
        size_t size = 0;
        int r = 0;

        for (unsigned n = 0; r == 0; n++) {
                ProcessMapping mapping;

                errno = 0;
                if (getline(&line, &size, file) < 0) {
                        r = -errno;
                        break;
                }
                if (n >= MAPPINGS_MAX)
                        r = -E2BIG;
                else
                        r = parse_line(line, &mapping);
                if (r == 0)
                        r = callback(&mapping, data);
        }
        free(line);
        return r;
}

int process_maps_foreach(pid_t pid, ProcessMapsCallback callback, void *data) {
        g_autofree char *path = g_strdup_printf("/proc/%d/maps", pid);
        FILE *file;
        int r;

        file = fopen(path, "re");
        if (!file)
                return errno == ENOENT ? -ESRCH : -errno;
        r = foreach_line(file, callback, data);
        fclose(file);
        return r;
}
