/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "daemon/environment-file.h"

#include <errno.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#include "helicopter/private-socket.h"

static char *file_path(const char *job_name) {
        g_autofree char *folder = private_folder_path("environment");

        return g_build_filename(folder, job_name, NULL);
}

char *environment_file_write(const char *job_name, const char *const *environment, int *ret_error) {
        g_autofree char *path = file_path(job_name);
        g_autofree char *folder = g_path_get_dirname(path);
        g_autoptr(GString) text = g_string_new(NULL);
        g_autoptr(GError) error = NULL;

        for (; *environment; environment++)
                g_string_append_len(text, *environment, (gssize) strlen(*environment) + 1);

        if (g_mkdir_with_parents(folder, 0700) < 0) {
                *ret_error = -errno;
                return NULL;
        }
        if (!g_file_set_contents_full(
                    path, text->str, (gssize) text->len, G_FILE_SET_CONTENTS_CONSISTENT, 0600, &error)) {
                *ret_error = -EIO;
                return NULL;
        }
        return g_steal_pointer(&path);
}

void environment_file_remove(const char *job_name) {
        g_autofree char *path = file_path(job_name);

        g_unlink(path);
}

void environment_file_remove_old(int64_t age) {
        g_autofree char *folder = private_folder_path("environment");
        g_autoptr(GDir) directory = g_dir_open(folder, 0, NULL);
        int64_t oldest = (g_get_real_time() - age) / G_USEC_PER_SEC;
        const char *name;

        while (directory && (name = g_dir_read_name(directory))) {
                g_autofree char *path = file_path(name);
                struct stat status;

                if (g_lstat(path, &status) == 0 && status.st_mtime <= oldest)
                        g_unlink(path);
        }
}
