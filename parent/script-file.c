/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "parent/script-file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "helicopter/cleanup.h"
#include "helicopter/process.h"
#include "helicopter/write-all.h"

void script_file_clear(ScriptFile *file) {
        if (file->file)
                unlink(file->file);
        close_fd(&file->fd);
        g_clear_pointer(&file->path, g_free);
        g_clear_pointer(&file->file, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ScriptFile, script_file_clear)

/* Whether a path leads to this file for a process, with the root folder and the namespaces that it has. From another user
 * namespace our descriptors are out of reach (ptrace(2), "Ptrace access mode checking"). */
static bool is_seen(pid_t reader, const char *path, int fd) {
        g_autofree char *rooted = g_strdup_printf("/proc/%d/root%s", reader, path);
        struct stat theirs, ours;

        return process_shares_namespace(reader, "user") == 1 && stat(rooted, &theirs) == 0 && fstat(fd, &ours) == 0 &&
                theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino;
}

static int use_memory(pid_t reader, ScriptFile *file) {
        file->fd = memfd_create("helicopter-script", MFD_CLOEXEC);
        if (file->fd < 0)
                return -errno;
        file->path = g_strdup_printf("/proc/%d/fd/%d", getpid(), file->fd);
        return is_seen(reader, file->path, file->fd) ? 0 : -ENOENT;
}

static int use_folder(pid_t reader, ScriptFile *file) {
        file->file = g_strdup_printf("/proc/%d/root/tmp/helicopter-XXXXXX.py", reader);
        file->fd = g_mkstemp_full(file->file, O_RDWR | O_CLOEXEC, 0600);
        if (file->fd < 0) {
                int r = -errno;

                g_clear_pointer(&file->file, g_free);
                return r;
        }
        file->path = g_build_filename("/tmp", strrchr(file->file, '/'), NULL);
        return 0;
}

int script_file_new(pid_t reader, const void *text, size_t size, ScriptFile *ret_file) {
        g_auto(ScriptFile) file = SCRIPT_FILE_NONE;
        int r;

        r = use_memory(reader, &file);
        if (r == -ENOENT) {
                script_file_clear(&file);
                r = use_folder(reader, &file);
        }
        if (r < 0)
                return r;
        r = write_all(file.fd, text, size);
        if (r < 0)
                return r;
        *ret_file = file;
        file = SCRIPT_FILE_NONE;
        return 0;
}
