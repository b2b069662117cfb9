/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "lib/process-maps.h"

#include <errno.h>
#include <glib.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The kernel's own limit, vm.max_map_count, is 65530 where nobody has raised it. */
#define MAPPINGS_MAX (1024u * 1024u)
#define BYTES_MAX (64u * 1024u * 1024u)

/* A directory may lie so deep that its path is many megabytes long; no such path can be used. PATH_MAX, were it all newlines. */
#define LINE_MAX_BYTES (4u * 4096u + 256u)

/* The kernel writes a newline in a path as \012, and nothing else that way. */
static void unescape(char *path) {
        char *to = strstr(path, "\\012");

        if (!to)
                return;
        for (const char *from = to; *from; to++) {
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

/* A number up to a certain character, which is skipped. (sscanf() takes four times as long, and maps are looked at often.) */
static bool take_number(char **text, int base, char end, uint64_t *ret_number) {
        char *rest;

        *ret_number = strtoull(*text, &rest, base);
        if (rest == *text || *rest != end)
                return false;
        *text = rest + 1;
        return true;
}

/* As proc_pid_maps(5) has it: "START-END ACCESS OFFSET MAJOR:MINOR INODE PATH". */
static int parse_line(char *line, ProcessMapping *ret_mapping) {
        ProcessMapping mapping = { 0 };
        uint64_t major, minor;
        char *text = line, *path, *newline = strchr(line, '\n');

        if (newline)
                *newline = '\0';
        if (!take_number(&text, 16, '-', &mapping.start) || !take_number(&text, 16, ' ', &mapping.end) ||
                strcspn(text, " ") != 4)
                return -EBADMSG;
        mapping.code = text[0] == 'r' && text[2] == 'x';
        text = skip_fields(text, 1);
        if (!take_number(&text, 16, ' ', &mapping.offset) || !take_number(&text, 16, ':', &major) ||
                !take_number(&text, 16, ' ', &minor) || *text < '0' || *text > '9')
                return -EBADMSG;
        mapping.major = (unsigned) major;
        mapping.minor = (unsigned) minor;
        mapping.inode = strtoull(text, NULL, 10);
        path = skip_fields(text, 1);
        unescape(path);
        mapping.path = path;
        *ret_mapping = mapping;
        return 0;
}

/* The rest of a line whose beginning is in the buffer, and the path there, which means nothing in part. Returns its length. */
static size_t skip_rest(FILE *file, char *line) {
        char rest[4096];
        size_t length = 0;

        while (fgets(rest, sizeof(rest), file)) {
                length += strlen(rest);
                if (strchr(rest, '\n'))
                        break;
        }
        *skip_fields(line, 5) = '\0';
        return length;
}

/* 1, or 0 at the end. */
static int read_line(FILE *file, char *line, size_t *ret_length) {
        size_t length;

        if (ferror(file))
                return -EIO;
        if (feof(file))
                return 0;
        errno = 0;
        if (!fgets(line, LINE_MAX_BYTES, file))
                return -errno;
        length = strlen(line);
        if (length == LINE_MAX_BYTES - 1 && line[length - 1] != '\n')
                length += skip_rest(file, line);
        *ret_length = length;
        return 1;
}

int process_maps_parse(FILE *file, ProcessMapsCallback callback, void *data) {
        g_autofree char *line = g_malloc(LINE_MAX_BYTES);
        size_t length = 0, total = 0;
        int r;

        for (unsigned n = 0; (r = read_line(file, line, &length)) > 0; n++) {
                ProcessMapping mapping;

                total += length;
                if (n >= MAPPINGS_MAX || total > BYTES_MAX)
                        return -E2BIG;
                r = parse_line(line, &mapping);
                if (r == 0)
                        r = callback(&mapping, data);
                if (r != 0)
                        break;
        }
        return r;
}

int process_maps_foreach(pid_t pid, ProcessMapsCallback callback, void *data) {
        g_autofree char *path = g_strdup_printf("/proc/%d/maps", pid);
        FILE *file;
        int r;

        file = fopen(path, "re");
        if (!file)
                return errno == ENOENT ? -ESRCH : -errno;
        r = process_maps_parse(file, callback, data);
        fclose(file);
        return r;
}
