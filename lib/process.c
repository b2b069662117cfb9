/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "helicopter/process.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "helicopter/cleanup.h"
#include "helicopter/printable.h"

/* The most that is read of a file of /proc: command lines may be megabytes long, and only their beginning is of use. */
#define READ_MAX (64 * 1024)

/* A file of /proc/PID whole, or its first READ_MAX bytes; NUL-terminated. */
static int read_proc(pid_t pid, const char *name, char **ret_data, size_t *ret_size) {
        g_autoptr(GString) data = NULL;
        char path[64], piece[2048];
        autofd fd = -1;
        ssize_t n;

        snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return errno == ENOENT ? -ESRCH : -errno;
        /* Not a buffer of READ_MAX: large ones leave holes in the heap of a process that stays. */
        data = g_string_new(NULL);
        while ((n = read(fd, piece, MIN(sizeof piece, READ_MAX - data->len))) > 0)
                g_string_append_len(data, piece, n);
        if (n < 0)
                return -errno;
        *ret_size = data->len;
        *ret_data = g_string_free(g_steal_pointer(&data), FALSE);
        return 0;
}

/* The value of a "Key:\tvalue" line, or NULL. */
static const char *find_field(const char *text, const char *key) {
        g_autofree char *pattern = g_strdup_printf("\n%s:", key);
        const char *found = strstr(text, pattern);

        return found ? found + strlen(pattern) + strspn(found + strlen(pattern), " \t") : NULL;
}

static int number_field(const char *text, const char *key) {
        const char *value = find_field(text, key);

        return value ? atoi(value) : 0;
}

int process_status(pid_t pid, ProcessStatus *ret_status) {
        g_autofree char *text = NULL;
        const char *state;
        size_t size;
        int r;

        r = read_proc(pid, "status", &text, &size);
        if (r < 0)
                return r;
        state = find_field(text, "State");
        if (!state)
                return -ESRCH;
        *ret_status = (ProcessStatus) {
                .parent = number_field(text, "PPid"),
                .tracer = number_field(text, "TracerPid"),
                .state = *state,
                .seccomp = number_field(text, "Seccomp"),
                .seccomp_filters = number_field(text, "Seccomp_filters"),
        };
        return 0;
}

int process_users(pid_t pid, uid_t *ret_real, uid_t *ret_effective) {
        g_autofree char *text = NULL;
        unsigned real, effective;
        const char *value;
        size_t size;
        int r;

        r = read_proc(pid, "status", &text, &size);
        if (r < 0)
                return r;
        value = find_field(text, "Uid");
        if (!value || sscanf(value, "%u %u", &real, &effective) != 2)
                return -ESRCH;
        *ret_real = real;
        *ret_effective = effective;
        return 0;
}

int process_has_terminal(pid_t pid) {
        g_autofree char *text = NULL;
        const char *after_name;
        size_t size;
        int r, terminal;

        r = read_proc(pid, "stat", &text, &size);
        if (r < 0)
                return r;
        /* The name, in parentheses, may hold any character. */
        after_name = strrchr(text, ')');
        if (!after_name || sscanf(after_name + 1, " %*c %*d %*d %*d %d", &terminal) != 1)
                return -ESRCH;
        return terminal != 0;
}

/* What identifies a namespace of a process. */
static int read_namespace(pid_t pid, const char *kind, struct stat *ret_status) {
        g_autofree char *path = g_strdup_printf("/proc/%d/ns/%s", pid, kind);

        if (stat(path, ret_status) == 0)
                return 0;
        return errno == ENOENT ? -ESRCH : -errno;
}

int process_same_namespaces(pid_t a, pid_t b) {
        static const char *const kinds[] = { "pid", "user" };

        for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
                struct stat of_a, of_b;
                int r = read_namespace(a, kinds[i], &of_a);

                if (r >= 0)
                        r = read_namespace(b, kinds[i], &of_b);
                if (r < 0)
                        return r;
                if (of_a.st_ino != of_b.st_ino || of_a.st_dev != of_b.st_dev)
                        return 0;
        }
        return 1;
}

/* "NStgid:" has a number for each namespace from the reader's down to the process's own. */
static int read_nesting(pid_t pid, char **ret_map, guint *ret_depth) {
        g_autofree char *status = NULL, *map = NULL, *line = NULL;
        g_auto(GStrv) numbers = NULL;
        const char *value;
        size_t size;
        int r;

        r = read_proc(pid, "status", &status, &size);
        if (r >= 0)
                r = read_proc(pid, "uid_map", &map, &size);
        if (r < 0)
                return r;
        value = find_field(status, "NStgid");
        if (!value)
                return -ESRCH;
        line = g_strndup(value, strcspn(value, "\n"));
        numbers = g_strsplit(line, "\t", -1);
        *ret_depth = g_strv_length(numbers);
        *ret_map = g_steal_pointer(&map);
        return 0;
}

int process_similar_namespaces(pid_t a, pid_t b) {
        g_autofree char *map_a = NULL, *map_b = NULL;
        guint depth_a, depth_b;
        int r;

        r = read_nesting(a, &map_a, &depth_a);
        if (r >= 0)
                r = read_nesting(b, &map_b, &depth_b);
        if (r < 0)
                return r;
        return depth_a == depth_b && g_str_equal(map_a, map_b);
}

int process_open(pid_t pid) {
        int fd = (int) syscall(SYS_pidfd_open, pid, 0);

        return fd < 0 ? -errno : fd;
}

bool process_alive(int pidfd) {
        struct pollfd poll_fd = { .fd = pidfd, .events = POLLIN };

        return poll(&poll_fd, 1, 0) == 0;
}

/* As ps shows what has no command line: kernel threads, and what has ended. */
static char *bracketed_name(pid_t pid) {
        g_autofree char *text = NULL;
        size_t size;

        return read_proc(pid, "comm", &text, &size) < 0 ? NULL : g_strdup_printf("[%s]", g_strchomp(text));
}

char *process_command(pid_t pid) {
        g_autofree char *text = NULL;
        size_t size;

        if (read_proc(pid, "cmdline", &text, &size) < 0)
                return NULL;
        if (size == 0)
                return bracketed_name(pid);
        for (size_t i = 0; i < size; i++)
                if (text[i] == '\0' || g_ascii_iscntrl(text[i]))
                        text[i] = ' ';
        return valid_utf8(g_strchomp(text));
}

int process_is_descendant(pid_t pid, pid_t ancestor) {
        ProcessStatus status;

        /* Bounded: a tree that changes under the eyes must not lead round in circles. */
        for (unsigned depth = 0; depth < 4096; depth++) {
                int r = process_status(pid, &status);

                if (r < 0)
                        return r;
                if (status.parent == ancestor)
                        return 1;
                if (status.parent <= 1)
                        return 0;
                pid = status.parent;
        }
        return -ELOOP;
}

static int append_children(pid_t pid, size_t max, GArray *pids) {
        g_autofree char *name = g_strdup_printf("/proc/%d/task", pid);
        g_autoptr(GDir) tasks = g_dir_open(name, 0, NULL);
        const char *task;

        while (tasks && (task = g_dir_read_name(tasks))) {
                g_autofree char *file = g_strdup_printf("task/%s/children", task);
                g_autofree char *text = NULL;
                size_t size;

                if (read_proc(pid, file, &text, &size) < 0 || !text)
                        continue;
                for (char *rest = text; *rest;) {
                        pid_t child = (pid_t) strtol(rest, &rest, 10);

                        rest += strspn(rest, " \n");
                        if (pids->len >= max)
                                return -E2BIG;
                        g_array_append_val(pids, child);
                }
        }
        return 0;
}

int process_descendants(pid_t ancestor, size_t max, pid_t **ret_pids) {
        g_autoptr(GArray) pids = g_array_new(FALSE, FALSE, sizeof(pid_t));
        int r, count;

        r = append_children(ancestor, max, pids);
        for (guint i = 0; r >= 0 && i < pids->len; i++)
                r = append_children(g_array_index(pids, pid_t, i), max, pids);
        if (r < 0)
                return r;
        count = (int) pids->len;
        *ret_pids = (pid_t *) (void *) g_array_free(g_steal_pointer(&pids), FALSE);
        return count;
}

char *process_control_group(pid_t pid) {
        g_autofree char *text = NULL;
        g_auto(GStrv) lines = NULL;
        size_t size;

        if (read_proc(pid, "cgroup", &text, &size) < 0)
                return NULL;
        lines = g_strsplit(text, "\n", -1);
        for (char **line = lines; *line; line++)
                if (g_str_has_prefix(*line, "0::"))
                        return g_strdup(*line + strlen("0::"));
        return NULL;
}

int process_shares_namespace(pid_t pid, const char *kind) {
        g_autofree char *our_path = g_strdup_printf("/proc/thread-self/ns/%s", kind);
        struct stat theirs, ours;
        int r;

        r = read_namespace(pid, kind, &theirs);
        if (r < 0)
                return r;
        if (stat(our_path, &ours) < 0)
                return -errno;
        return theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino;
}
