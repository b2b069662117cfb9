/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "helicopter/process-usage.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "helicopter/cleanup.h"

#define GROUPS "/sys/fs/cgroup"

/* The kernel's line has fifty numbers. */
#define TEXT_MAX 1024

static int read_stat(pid_t pid, char *text) {
        char path[sizeof("/proc/2147483647/stat")];
        autofd fd = -1;
        ssize_t n;

        snprintf(path, sizeof(path), "/proc/%d/stat", pid);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return errno == ENOENT ? -ESRCH : -errno;
        n = read(fd, text, TEXT_MAX - 1);
        if (n < 0)
                return -errno;
        text[n] = '\0';
        return 0;
}

int process_usage_add(pid_t pid, ProcessUsage *usage) {
        uint64_t user, system, children_user, children_system;
        const char *after_name;
        char text[TEXT_MAX];
        int64_t pages;
        int r;

        r = read_stat(pid, text);
        if (r < 0)
                return r;
        /* The name, in parentheses, may hold any character. The fields are numbered from 1 in proc(5). */
        after_name = strrchr(text, ')');
        if (!after_name ||
                sscanf(after_name + 1,
                        " %*c" /* 3 */ " %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u" /* 4 to 13 */
                        " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64           /* 14 to 17 */
                        " %*d %*d %*d %*d %*u %*u %" SCNd64 /* 18 to 24 */,
                        &user, &system, &children_user, &children_system, &pages) != 5)
                return -ESRCH;
        usage->memory += (uint64_t) MAX(pages, 0) * (uint64_t) sysconf(_SC_PAGESIZE);
        usage->cpu +=
                (user + system + children_user + children_system) * (G_USEC_PER_SEC / (uint64_t) sysconf(_SC_CLK_TCK));
        return 0;
}

/* The number that the file of a group begins with, behind a key. */
static int read_number(const char *group, const char *file, const char *key, uint64_t *ret_number) {
        g_autofree char *path = g_strconcat(GROUPS, group, "/", file, NULL), *text = NULL;
        g_autoptr(GError) error = NULL;
        char *end;

        if (!g_file_get_contents(path, &text, NULL, &error))
                return g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_NOENT) ? -ENOENT : -EIO;
        if (!g_str_has_prefix(text, key) || !g_ascii_isdigit(text[strlen(key)]))
                return -EBADMSG;
        *ret_number = g_ascii_strtoull(text + strlen(key), &end, 10);
        return *end == '\n' ? 0 : -EBADMSG;
}

int process_usage_of_group(const char *group, ProcessUsage *ret_usage) {
        ProcessUsage usage = { 0 };
        int r;

        r = read_number(group, "memory.current", "", &usage.memory);
        if (r == 0)
                r = read_number(group, "cpu.stat", "usage_usec ", &usage.cpu);
        if (r == 0)
                *ret_usage = usage;
        return r;
}
