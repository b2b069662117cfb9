/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/inject-channel.h"

#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "client/job-script.h"
#include "config.h"
#include "helicopter/cleanup.h"
#include "helicopter/write-all.h"

#define CHUNK (64 * 1024)

/* Copy to the end, at most limit bytes. */
static int copy(int from, int to, size_t limit) {
        g_autofree char *buffer = g_malloc(CHUNK);
        size_t total = 0;
        ssize_t size;
        int r = 0;

        while (r >= 0 && (size = read(from, buffer, CHUNK)) != 0) {
                if (size < 0 && errno == EINTR)
                        continue;
                if (size < 0)
                        return -errno;
                total += (size_t) size;
                r = total > limit ? -EFBIG : write_all(to, buffer, (size_t) size);
        }
        return r;
}

static int make_memfd(int *ret_fd) {
        int fd = memfd_create("helicopter-inject", MFD_CLOEXEC);

        if (fd < 0)
                return -errno;
        *ret_fd = fd;
        return 0;
}

int inject_channel_open(InjectChannel *channel, int source) {
        int r;

        r = make_memfd(&channel->script);
        if (r >= 0)
                r = make_memfd(&channel->output);
        if (r >= 0)
                r = make_memfd(&channel->errors);
        if (r >= 0 && pipe2(channel->end, O_CLOEXEC | O_NONBLOCK) < 0)
                r = -errno;
        return r < 0 ? r : copy(source, channel->script, INJECT_SCRIPT_MAX);
}

void inject_channel_close(InjectChannel *channel) {
        close_fd(&channel->script);
        close_fd(&channel->output);
        close_fd(&channel->errors);
        close_fd(&channel->end[0]);
        close_fd(&channel->end[1]);
}

/* A descriptor in Python's words; its inode tells it from one of another process. */
static int describe(GString *text, const char *name, int fd) {
        struct stat status;

        if (fstat(fd, &status) < 0)
                return -errno;
        g_string_append_printf(text, "\"%s\": (%d, %" PRIu64 ", %" PRIu64 "), ", name, fd, (uint64_t) status.st_dev,
                (uint64_t) status.st_ino);
        return 0;
}

int inject_channel_wrap(const InjectChannel *channel) {
        g_autofree char *path =
                g_build_filename(g_getenv("HELICOPTER_DATA") ?: HELICOPTER_DATA_PATH, "inject-job.py", NULL);
        g_autoptr(GString) text = g_string_new(NULL);
        g_autofree char *body = NULL;
        autofd script = -1;
        int r;

        if (!g_file_get_contents(path, &body, NULL, NULL))
                return -ENOENT;
        g_string_printf(text, "_client = %d\n_files = {", (int) getpid());
        r = describe(text, "script", channel->script);
        if (r >= 0)
                r = describe(text, "output", channel->output);
        if (r >= 0)
                r = describe(text, "errors", channel->errors);
        if (r >= 0)
                r = describe(text, "end", channel->end[1]);
        if (r >= 0)
                r = make_memfd(&script);
        if (r < 0)
                return r;
        g_string_append_printf(text, "}\n%s", body);
        r = write_all(script, text->str, text->len);
        return r < 0 ? r : g_steal_fd(&script);
}

static void take_words(InjectChannel *channel, const char *words, size_t size) {
        for (size_t i = 0; i < size; i++) {
                channel->begun |= words[i] == 'b';
                channel->dropped |= words[i] == 'd';
                channel->raised |= words[i] == '1';
                channel->ended |= words[i] == '0' || words[i] == '1';
        }
        if (channel->begun)
                close_fd(&channel->end[1]); /* the script has it now, so that its end is seen */
}

/* -EAGAIN: nothing to be read. */
static int take(InjectChannel *channel) {
        char words[16];
        ssize_t size = read(channel->end[0], words, sizeof words);

        if (size < 0)
                return errno == EINTR ? -EAGAIN : -errno;
        take_words(channel, words, (size_t) size);
        return channel->ended ? 0 : size == 0 ? -ECONNRESET : -EAGAIN;
}

int inject_channel_wait(InjectChannel *channel, int target, uint64_t deadline) {
        struct pollfd fds[] = { { .fd = channel->end[0], .events = POLLIN }, { .fd = target, .events = POLLIN } };
        int r;

        while ((r = take(channel)) == -EAGAIN) {
                uint64_t left = job_script_time_left(deadline);

                if (fds[1].revents)
                        return -ESRCH;
                r = poll(fds, G_N_ELEMENTS(fds), (int) MIN(left / 1000 + 1, (uint64_t) G_MAXINT));
                if (r < 0 && errno != EINTR)
                        return -errno;
                if (r == 0)
                        return -ETIMEDOUT;
        }
        return r;
}

int inject_channel_copy(const InjectChannel *channel) {
        int r;

        if (lseek(channel->output, 0, SEEK_SET) < 0 || lseek(channel->errors, 0, SEEK_SET) < 0)
                return -errno;
        r = copy(channel->output, STDOUT_FILENO, SIZE_MAX);
        return r < 0 ? r : copy(channel->errors, STDERR_FILENO, SIZE_MAX);
}
