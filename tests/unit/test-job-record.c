/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include <errno.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "helicopter/job-record.h"

static char *folder, *files;
static bool fail_rename, fail_write;

int __real_rename(const char *old, const char *new);
int __wrap_rename(const char *old, const char *new);
ssize_t __real_write(int fd, const void *data, size_t size);
ssize_t __wrap_write(int fd, const void *data, size_t size);

int __wrap_rename(const char *old, const char *new) {
        errno = EACCES;
        return fail_rename ? -1 : __real_rename(old, new);
}

ssize_t __wrap_write(int fd, const void *data, size_t size) {
        errno = ENOSPC;
        return fail_write ? -1 : __real_write(fd, data, size);
}

static int set_up(void **state) {
        folder = g_dir_make_tmp("helicopter-test-XXXXXX", NULL);
        g_setenv("XDG_RUNTIME_DIR", folder, TRUE);
        fail_rename = fail_write = false;
        return job_record_folder(&files);
}

static int tear_down(void **state) {
        g_autofree char *ours = g_build_filename(folder, "helicopter", NULL);
        g_auto(GStrv) names = job_record_list(1000);

        for (char **name = names; *name; name++)
                job_record_remove(*name);
        assert_int_equal(g_rmdir(files), 0); /* so nothing else is left in it */
        g_rmdir(ours);
        g_rmdir(folder);
        g_clear_pointer(&folder, g_free);
        g_clear_pointer(&files, g_free);
        return 0;
}

static void fill(JobProperties *properties) {
        job_properties_init(properties);
        job_properties_set_string(&properties->state, JOB_STATE_EXITED);
        properties->exit_code = 0;
        properties->pid = 77;
}

static void put(const char *name, const char *text) {
        g_autofree char *path = g_build_filename(files, name, NULL);

        assert_true(g_file_set_contents(path, text, -1, NULL));
}

static void test_write_and_read(void **state) {
        g_autofree char *path = g_build_filename(files, "train", NULL);
        g_autoptr(JobRecord) record = NULL;
        g_auto(JobProperties) properties;
        struct stat status;

        fill(&properties);
        assert_false(job_record_exists("train"));
        assert_int_equal(job_record_read("train", &record), -ENOENT);
        assert_int_equal(job_record_write("train", 5, &properties), 0);
        assert_true(job_record_exists("train"));
        assert_int_equal(stat(path, &status), 0);
        assert_int_equal(status.st_mode & 07777, 0600);
        assert_int_equal(job_record_read("train", &record), 0);
        assert_string_equal(record->name, "train");
        assert_int_equal(record->parent_pid, 5);
        assert_int_equal(record->properties.pid, 77);
        job_record_remove("train");
        assert_false(job_record_exists("train"));
}

static void test_later_one_takes_the_place(void **state) {
        g_autoptr(JobRecord) record = NULL;
        g_auto(JobProperties) properties;

        fill(&properties);
        job_record_write("train", 5, &properties);
        properties.exit_code = 3;
        assert_int_equal(job_record_write("train", 6, &properties), 0);
        assert_int_equal(job_record_read("train", &record), 0);
        assert_int_equal(record->properties.exit_code, 3);
}

static void test_failures_leave_nothing(void **state) {
        g_auto(JobProperties) properties;

        fill(&properties);
        fail_write = true;
        assert_int_equal(job_record_write("train", 5, &properties), -ENOSPC);
        fail_write = false;
        fail_rename = true;
        assert_int_equal(job_record_write("train", 5, &properties), -EACCES);
        assert_false(job_record_exists("train"));
}

static void test_long_command_line(void **state) {
        g_autoptr(GPtrArray) words = g_ptr_array_new();
        g_autoptr(JobRecord) record = NULL;
        g_auto(JobProperties) properties;
        guint count;

        fill(&properties);
        for (int i = 0; i < 100; i++)
                g_ptr_array_add(words, g_strnfill(10000, ';'));
        g_ptr_array_add(words, NULL);
        g_strfreev(properties.command_line);
        properties.command_line = (char **) g_ptr_array_steal(words, NULL);
        assert_int_equal(job_record_write("train", 5, &properties), 0);
        assert_int_equal(job_record_read("train", &record), 0);
        count = g_strv_length(record->properties.command_line);
        assert_true(count >= 3 && count <= 20);
        assert_string_equal(record->properties.command_line[count - 1], "…");
        assert_string_equal(record->properties.command_line[0], properties.command_line[0]);
}

static void test_strange_records(void **state) {
        g_autofree char *pipe = g_build_filename(files, "pipe", NULL), *link = g_build_filename(files, "link", NULL);
        g_autofree char *huge = g_strnfill(1024 * 1024, '#');
        JobRecord *record = NULL;
        g_auto(JobProperties) properties;

        put("empty", "");
        put("text", "nothing of the kind");
        put("group", "[Job]\nState=exited\n");
        put("huge", huge);
        assert_int_equal(mkfifo(pipe, 0600), 0);
        assert_int_equal(symlink("text", link), 0);
        for (const char *const *name = (const char *const[]) { "empty", "text", "group", "huge", "pipe", "link", NULL };
                *name; name++)
                assert_int_equal(job_record_read(*name, &record), -EINVAL);

        fill(&properties);
        job_properties_set_string(&properties.state, JOB_STATE_RUNNING);
        assert_int_equal(job_record_write("running", 5, &properties), 0);
        assert_int_equal(job_record_read("running", &record), -EINVAL);
        assert_null(record);
}

static void test_folder_open_to_others(void **state) {
        g_autofree char *ours = g_build_filename(folder, "helicopter", NULL);
        g_auto(JobProperties) properties;

        fill(&properties);
        assert_int_equal(g_chmod(ours, 0777), 0);
        assert_int_equal(job_record_write("train", 5, &properties), -EPERM);
        assert_false(job_record_exists("train"));
        assert_int_equal(g_chmod(ours, 0700), 0);
        assert_int_equal(g_chmod(folder, 0777), 0);
        assert_int_equal(job_record_write("train", 5, &properties), -EPERM);
        assert_int_equal(g_chmod(folder, 0700), 0);
}

static void test_list(void **state) {
        g_auto(GStrv) none = job_record_list(10), some = NULL, all = NULL;
        g_autofree char *own = g_strdup_printf(".%d.count", getpid());
        g_autofree char *own_path = g_build_filename(files, own, NULL);
        g_autofree char *left = g_build_filename(files, ".2147483647.count", NULL);

        assert_null(none[0]);
        put("one", "");
        put("two", "");
        put(own, "");
        put(".2147483647.count", "");
        some = job_record_list(1);
        assert_int_equal(g_strv_length(some), 1);
        all = job_record_list(10);
        assert_int_equal(g_strv_length(all), 2);
        assert_int_equal(access(left, F_OK), -1); /* of a writer that is gone */
        assert_int_equal(access(own_path, F_OK), 0);
        unlink(own_path);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_write_and_read),
                TEST(test_later_one_takes_the_place),
                TEST(test_failures_leave_nothing),
                TEST(test_long_command_line),
                TEST(test_strange_records),
                TEST(test_folder_open_to_others),
                TEST(test_list),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
