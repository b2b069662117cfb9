/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "helicopter/job-record.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "helicopter/cleanup.h"
#include "helicopter/job-name.h"
#include "helicopter/private-socket.h"
#include "helicopter/write-all.h"

/* Of the command line's words in a record; escaping makes twice as much of them at most. */
#define WORDS_MAX (64 * 1024)
#define RECORD_MAX (4 * WORDS_MAX)

JobRecord *job_record_free(JobRecord *record) {
        if (!record)
                return NULL;
        job_properties_clear(&record->properties);
        g_free(record->name);
        g_free(record);
        return NULL;
}

static char *record_path(const char *name) {
        g_autofree char *folder = private_folder_path("ended");

        return g_build_filename(folder, name, NULL);
}

int job_record_folder(char **ret_folder) {
        g_autofree char *folder = private_folder_path("ended");
        int r;

        r = private_folder_make();
        if (r < 0)
                return r;
        if (g_mkdir_with_parents(folder, 0700) < 0)
                return -errno;
        *ret_folder = g_steal_pointer(&folder);
        return 0;
}

/* The words that fit. */
static char **short_command_line(char **words) {
        g_autoptr(GPtrArray) kept = g_ptr_array_new();
        size_t size = 0;

        for (; *words; words++) {
                size += strlen(*words) + 1;
                if (size > WORDS_MAX)
                        break;
                g_ptr_array_add(kept, g_strdup(*words));
        }
        if (*words)
                g_ptr_array_add(kept, g_strdup("…"));
        g_ptr_array_add(kept, NULL);
        return (char **) g_ptr_array_steal(kept, NULL);
}

static char *to_text(uint32_t parent_pid, const JobProperties *properties, size_t *ret_size) {
        g_autoptr(GKeyFile) file = g_key_file_new();
        g_auto(JobProperties) shown;

        job_properties_copy(properties, &shown);
        g_strfreev(shown.command_line);
        shown.command_line = short_command_line(properties->command_line);
        job_properties_save(&shown, file);
        g_key_file_set_uint64(file, JOB_PROPERTIES_GROUP, "ParentPID", parent_pid);
        return g_key_file_to_data(file, ret_size, NULL);
}

static int write_file(const char *path, const char *text, size_t size) {
        autofd fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);

        if (fd < 0)
                return -errno;
        return write_all(fd, text, size);
}

/* Not a name that a job can have, and of one writer only. */
static char *temporary_path(const char *name) {
        g_autofree char *temporary = g_strdup_printf(".%d.%s", getpid(), name);

        return record_path(temporary);
}

int job_record_write(const char *name, uint32_t parent_pid, const JobProperties *properties) {
        g_autofree char *path = record_path(name), *temporary = temporary_path(name);
        g_autofree char *folder = NULL, *text = NULL;
        size_t size;
        int r;

        r = job_record_folder(&folder);
        if (r < 0)
                return r;
        text = to_text(parent_pid, properties, &size);
        r = write_file(temporary, text, size);
        if (r >= 0 && rename(temporary, path) < 0)
                r = -errno;
        if (r < 0)
                unlink(temporary);
        return r;
}

static int open_record(const char *name, size_t *ret_size) {
        g_autofree char *path = record_path(name);
        autofd fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
        struct stat status;

        if (fd < 0)
                return errno == ELOOP ? -EINVAL : -errno;
        if (fstat(fd, &status) < 0)
                return -errno;
        if (!S_ISREG(status.st_mode) || status.st_uid != geteuid() || status.st_size > RECORD_MAX)
                return -EINVAL;
        *ret_size = (size_t) status.st_size;
        return g_steal_fd(&fd);
}

static int read_text(const char *name, GKeyFile *file) {
        g_autofree char *text = NULL;
        size_t size = 0;
        autofd fd = open_record(name, &size);
        ssize_t n;

        if (fd < 0)
                return fd;
        text = g_malloc(size);
        n = read(fd, text, size);
        if (n < 0)
                return -errno;
        return g_key_file_load_from_data(file, text, (size_t) n, G_KEY_FILE_NONE, NULL) ? 0 : -EINVAL;
}

static bool has_ended(const JobProperties *properties) {
        return g_str_equal(properties->state, JOB_STATE_EXITED) || g_str_equal(properties->state, JOB_STATE_FAILED);
}

int job_record_read(const char *name, JobRecord **ret_record) {
        g_autoptr(GKeyFile) file = g_key_file_new();
        g_autoptr(GError) error = NULL;
        g_auto(JobProperties) properties = {};
        uint64_t parent_pid;
        int r;

        r = read_text(name, file);
        if (r < 0)
                return r;
        parent_pid = g_key_file_get_uint64(file, JOB_PROPERTIES_GROUP, "ParentPID", &error);
        if (error || parent_pid > G_MAXINT32)
                return -EINVAL;
        r = job_properties_load(file, &properties);
        if (r < 0)
                return r;
        if (!has_ended(&properties))
                return -EINVAL;
        *ret_record = g_new(JobRecord, 1);
        **ret_record =
                (JobRecord) { .name = g_strdup(name), .parent_pid = (uint32_t) parent_pid, .properties = properties };
        properties = (JobProperties) {};
        return 0;
}

bool job_record_exists(const char *name) {
        g_autofree char *path = record_path(name);

        return access(path, F_OK) == 0;
}

void job_record_remove(const char *name) {
        g_autofree char *path = record_path(name);

        unlink(path);
}

static void remove_if_left(const char *temporary) {
        long pid = strtol(temporary + 1, NULL, 10);

        if (pid <= 0 || pid > G_MAXINT32 || (kill((pid_t) pid, 0) < 0 && errno == ESRCH))
                job_record_remove(temporary);
}

char **job_record_list(size_t max) {
        g_autofree char *folder = private_folder_path("ended");
        g_autoptr(GDir) directory = g_dir_open(folder, 0, NULL);
        GPtrArray *names = g_ptr_array_new();
        const char *name;

        while (directory && names->len < max && (name = g_dir_read_name(directory)))
                if (job_name_is_valid(name))
                        g_ptr_array_add(names, g_strdup(name));
                else if (name[0] == '.')
                        remove_if_left(name);
        g_ptr_array_add(names, NULL);
        return (char **) g_ptr_array_free(names, FALSE);
}
