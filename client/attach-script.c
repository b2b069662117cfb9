/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/attach-script.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/job-script.h"
#include "config.h"
#include "helicopter/cleanup.h"
#include "helicopter/process.h"
#include "helicopter/write-all.h"

/* For the target to wait, whatever is left of the deadline. */
#define WAIT_MIN (2 * G_USEC_PER_SEC)

/* A memfd with attach-job.py, behind the variables that it expects. */
static int make(const char *variables) {
        g_autofree char *path =
                g_build_filename(g_getenv("HELICOPTER_DATA") ?: HELICOPTER_DATA_PATH, "attach-job.py", NULL);
        g_autofree char *body = NULL, *text = NULL;
        autofd script = -1;
        int r;

        if (!g_file_get_contents(path, &body, NULL, NULL))
                return -ENOENT;
        text = g_strconcat(variables, body, NULL);
        script = memfd_create("helicopter-attach", MFD_CLOEXEC);
        if (script < 0)
                return -errno;
        r = write_all(script, text, strlen(text));
        return r < 0 ? r : g_steal_fd(&script);
}

static int read_text(int file, GString *text) {
        struct stat status;
        ssize_t size;

        if (fstat(file, &status) < 0)
                return -errno;
        if (status.st_size > ATTACH_SCRIPT_MAX)
                return -EFBIG;
        g_string_set_size(text, (gsize) status.st_size);
        size = pread(file, text->str, text->len, 0);
        if (size < 0)
                return -errno;
        g_string_set_size(text, (gsize) size);
        return 0;
}

int attach_script_wait(AttachScript *script, pid_t target, uint64_t deadline) {
        g_auto(AttachScript) made = ATTACH_SCRIPT_NONE;
        g_autofree char *path = NULL, *variables = NULL;
        struct stat status;
        int fds[2], r;

        /* What does not fit in at once shall not keep us waiting. */
        if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0)
                return -errno;
        made = (AttachScript) { .reader = fds[0], .writer = fds[1] };
        path = g_strdup_printf("/proc/%d/fd/%d", (int) getpid(), made.reader);
        if (!process_finds_file(target, path, made.reader))
                return -EXDEV;
        if (fstat(made.reader, &status) < 0)
                return -errno;
        variables =
                g_strdup_printf("_text = None\n_pipe = ('%s', %" PRIu64 ", %" PRIu64 ")\n_milliseconds = %" PRIu64 "\n",
                        path, (uint64_t) status.st_dev, (uint64_t) status.st_ino,
                        MAX(job_script_time_left(deadline), (uint64_t) WAIT_MIN) / 1000);
        r = make(variables);
        if (r < 0)
                return r;
        attach_script_clear(script);
        script->reader = g_steal_fd(&made.reader);
        script->writer = g_steal_fd(&made.writer);
        return r;
}

int attach_script_hand_over(AttachScript *script, int file) {
        g_autoptr(GString) text = g_string_new(NULL);
        int r;

        r = read_text(file, text);
        if (r < 0)
                return r;
        if (fcntl(script->writer, F_SETPIPE_SZ, ATTACH_SCRIPT_MAX) < 0 && text->len > PIPE_BUF)
                return -errno;
        r = write_all(script->writer, text->str, text->len);
        close_fd(&script->writer);
        return r;
}

int attach_script_complete(int file) {
        g_autoptr(GString) text = g_string_new(NULL), variables = g_string_new("_text = bytes.fromhex('");
        int r;

        r = read_text(file, text);
        if (r < 0)
                return r;
        for (gsize i = 0; i < text->len; i++)
                g_string_append_printf(variables, "%02x", (unsigned char) text->str[i]);
        g_string_append(variables, "')\n");
        return make(variables->str);
}

void attach_script_clear(AttachScript *script) {
        close_fd(&script->reader);
        close_fd(&script->writer);
}
