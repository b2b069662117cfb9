/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A job's output in a file. */

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>

#include "client/output.h"
#include "helicopter/cleanup.h"

#define BLOCK 65536

typedef struct FileOutput {
        Output output; /* its fd is an inotify instance */
        int file;
} FileOutput;

static void clear_events(int fd) {
        char events[sizeof(struct inotify_event) + NAME_MAX + 1];

        while (read(fd, events, sizeof events) > 0)
                ;
}

static int file_copy(Output *output) {
        FileOutput *file = (FileOutput *) output;
        bool copied = false;
        char block[BLOCK];
        ssize_t size;

        clear_events(output->fd); /* before reading, so that what comes later is told */
        while ((size = read(file->file, block, sizeof block)) > 0) {
                if (fwrite(block, 1, (size_t) size, stdout) != (size_t) size)
                        return -EIO;
                copied = true;
        }
        return size < 0 ? -errno : copied;
}

static void file_prepare(Output *output, short *ret_events, uint64_t *ret_timeout) {
        *ret_events = POLLIN;
        *ret_timeout = UINT64_MAX;
}

static void file_free(Output *output) {
        FileOutput *file = (FileOutput *) output;

        close_fd(&output->fd);
        close_fd(&file->file);
        g_free(file);
}

/* Count newlines from the end. Returns where the last `lines` lines begin within the block, or -1 when it is before. */
static ssize_t find_start(const char *block, size_t size, uint64_t *lines) {
        for (size_t i = size; i > 0; i--)
                if (block[i - 1] == '\n' && (*lines)-- == 0)
                        return (ssize_t) i;
        return -1;
}

/* Seek to where the last lines begin; the last one may lack its newline. */
static int seek_lines(int fd, uint64_t lines) {
        off_t end = lseek(fd, 0, SEEK_END);
        char block[BLOCK], last = '\n';

        if (end < 0)
                return -errno;
        if (end > 0 && pread(fd, &last, 1, end - 1) != 1)
                return -EIO;
        if (lines > 0 && last != '\n')
                lines--;
        else if (lines == 0)
                return 0;
        while (end > 0) {
                off_t begin = MAX(end - BLOCK, 0);
                ssize_t size = pread(fd, block, (size_t) (end - begin), begin), start;

                if (size < 0)
                        return -errno;
                start = find_start(block, (size_t) size, &lines);
                if (start >= 0)
                        return lseek(fd, begin + start, SEEK_SET) < 0 ? -errno : 0;
                end = size < end - begin ? 0 : begin;
        }
        return lseek(fd, 0, SEEK_SET) < 0 ? -errno : 0;
}

static int watch(FileOutput *file) {
        g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", file->file);

        file->output.fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
        if (file->output.fd < 0)
                return -errno;
        return inotify_add_watch(file->output.fd, path, IN_MODIFY) < 0 ? -errno : 0;
}

int output_file_open(const char *path, const OutputOptions *options, Output **ret_output) {
        g_autoptr(Output) output = NULL;
        FileOutput *file = g_new0(FileOutput, 1);
        int r;

        output = &file->output;
        *output = (Output) { .copy = file_copy, .prepare = file_prepare, .free = file_free, .fd = -1 };
        file->file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        if (file->file < 0)
                return -errno;
        r = watch(file);
        if (r < 0)
                return r;
        r = options->lines == OUTPUT_ALL_LINES ? 0 : seek_lines(file->file, options->lines);
        if (r < 0)
                return r;
        *ret_output = g_steal_pointer(&output);
        return 0;
}
