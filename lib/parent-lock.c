/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "helicopter/parent-lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "helicopter/cleanup.h"
#include "helicopter/private-socket.h"

/* A parent's byte is that of its pid; one of another pid namespace may have the same, so there are some more. */
#define BYTES_TRIED 16

static char *file_path(void) {
        return private_folder_path("parents");
}

static int open_file(int flags) {
        g_autofree char *path = file_path();
        int fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK, 0600);

        return fd < 0 ? -errno : fd;
}

static int lock_byte(int fd, off_t at) {
        struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = at, .l_len = 1 };

        return fcntl(fd, F_SETLK, &lock) < 0 ? -errno : 0;
}

int parent_lock_take(void) {
        autofd fd = -1;
        int r;

        r = private_folder_make();
        if (r < 0)
                return r;
        fd = open_file(O_RDWR | O_CREAT);
        if (fd < 0)
                return fd;
        r = -EAGAIN;
        for (off_t at = getpid(); (r == -EAGAIN || r == -EACCES) && at < getpid() + BYTES_TRIED; at++)
                r = lock_byte(fd, at);
        return r < 0 ? r : g_steal_fd(&fd);
}

bool parent_lock_is_current(int fd) {
        struct stat status;

        return fstat(fd, &status) == 0 && status.st_nlink > 0;
}

/* A lock between two offsets (to: 0 for the end of the file); l_type is F_UNLCK when there is none. */
static int query(int fd, off_t from, off_t to, struct flock *ret_lock) {
        *ret_lock = (struct flock) {
                .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = from, .l_len = to > 0 ? to - from : 0
        };
        return fcntl(fd, F_GETLK, ret_lock) < 0 ? -errno : 0;
}

typedef struct Range {
        off_t from, to; /* to: 0 for the end of the file */
} Range;

/* What is left of a range on both sides of a lock in it. */
static void add_rest(GArray *ranges, Range range, const struct flock *lock) {
        Range before = { range.from, lock->l_start }, after = { lock->l_start + lock->l_len, range.to };

        if (before.from < before.to)
                g_array_append_val(ranges, before);
        if (lock->l_len > 0 && (after.to == 0 || after.from < after.to))
                g_array_append_val(ranges, after);
}

/* The kernel names any one of a range's locks, so the rest is asked for then. */
static int list(int fd, size_t max, GArray *pids) {
        g_autoptr(GArray) ranges = g_array_new(FALSE, TRUE, sizeof(Range));
        struct flock lock;

        g_array_set_size(ranges, 1); /* all of the file */
        for (size_t asked = 0; ranges->len > 0 && pids->len < max && asked < 4 * max; asked++) {
                Range range = g_array_index(ranges, Range, ranges->len - 1);
                int r = query(fd, range.from, range.to, &lock);

                if (r < 0)
                        return r;
                g_array_set_size(ranges, ranges->len - 1);
                if (lock.l_type == F_UNLCK)
                        continue;
                if (lock.l_pid > 0)
                        g_array_append_val(pids, lock.l_pid);
                add_rest(ranges, range, &lock);
        }
        return (int) pids->len;
}

int parent_lock_list(size_t max, pid_t **ret_pids) {
        g_autoptr(GArray) pids = g_array_new(FALSE, FALSE, sizeof(pid_t));
        autofd fd = open_file(O_RDONLY);
        int r = fd;

        if (fd >= 0)
                r = list(fd, max, pids);
        if (r < 0 && r != -ENOENT)
                return r;
        *ret_pids = (pid_t *) (void *) g_array_free(g_steal_pointer(&pids), FALSE);
        return r < 0 ? 0 : r;
}

bool parent_lock_is_held(pid_t pid) {
        autofd fd = open_file(O_RDONLY);
        struct flock lock;

        return fd >= 0 && query(fd, pid, pid + 1, &lock) >= 0 && lock.l_type != F_UNLCK && lock.l_pid == pid;
}
