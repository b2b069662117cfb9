/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* attach-script.c; the target is this process, or one that cannot see what is ours. */

#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/attach-script.h"
#include "helicopter/cleanup.h"

#define BODY "body\n"

typedef struct Fixture {
        char *folder, *file;
        AttachScript script;
} Fixture;

static int set_up(void **state) {
        Fixture *fixture = g_new0(Fixture, 1);

        fixture->folder = g_dir_make_tmp("test-XXXXXX", NULL);
        fixture->file = g_build_filename(fixture->folder, "attach-job.py", NULL);
        assert_true(g_file_set_contents(fixture->file, BODY, -1, NULL));
        setenv("HELICOPTER_DATA", fixture->folder, true);
        fixture->script = ATTACH_SCRIPT_NONE;
        *state = fixture;
        return 0;
}

static int tear_down(void **state) {
        Fixture *fixture = *state;

        attach_script_clear(&fixture->script);
        unsetenv("HELICOPTER_DATA");
        g_unlink(fixture->file);
        g_rmdir(fixture->folder);
        g_free(fixture->file);
        g_free(fixture->folder);
        g_free(fixture);
        return 0;
}

static uint64_t deadline(uint64_t seconds) {
        return (uint64_t) g_get_monotonic_time() + seconds * G_USEC_PER_SEC;
}

static int file_with(const char *text, size_t size) {
        int file = memfd_create("text", MFD_CLOEXEC);

        assert_int_equal(ftruncate(file, (off_t) size), 0);
        assert_int_equal(pwrite(file, text, strlen(text), 0), (ssize_t) strlen(text));
        return file;
}

static char *contents(int file) {
        char text[4096] = "";

        assert_true(pread(file, text, sizeof text - 1, 0) >= 0);
        return g_strdup(text);
}

/* The pipe that a script says is the one to wait at, opened as the target does. */
static int open_pipe(const char *text) {
        unsigned long long device, inode, milliseconds;
        char path[64];
        struct stat status;
        int fd;

        assert_int_equal(sscanf(text, "_text = None\n_pipe = ('%63[^']', %llu, %llu)\n_milliseconds = %llu\n", path,
                                 &device, &inode, &milliseconds),
                4);
        assert_true(milliseconds >= 2000 && milliseconds <= 10000);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                fail_msg("%s cannot be opened: %s", path, strerror(errno));
        assert_int_equal(fstat(fd, &status), 0);
        assert_int_equal(status.st_dev, device);
        assert_int_equal(status.st_ino, inode);
        return fd;
}

static bool is_readable(int fd) {
        struct pollfd poller = { .fd = fd, .events = POLLIN };

        return poll(&poller, 1, 0) > 0;
}

static void test_handed_over(void **state) {
        Fixture *fixture = *state;
        autofd script = attach_script_wait(&fixture->script, getpid(), deadline(10));
        autofd file = file_with("import pdb", 10), pipe = -1;
        g_autofree char *text = NULL;
        char read_text[64] = "";

        assert_true(script >= 0);
        assert_true(fcntl(script, F_GETFD) & FD_CLOEXEC);
        text = contents(script);
        assert_true(g_str_has_suffix(text, "\n" BODY));
        pipe = open_pipe(text);
        assert_false(is_readable(pipe));
        assert_int_equal(attach_script_hand_over(&fixture->script, file), 0);
        assert_int_equal(fixture->script.writer, -1);
        assert_int_equal(read(pipe, read_text, sizeof read_text), 10);
        assert_string_equal(read_text, "import pdb");
        assert_int_equal(read(pipe, read_text, sizeof read_text), 0);
}

/* All the commands of a long command line fit, also when nobody reads yet. */
static void test_long_text(void **state) {
        Fixture *fixture = *state;
        autofd script = attach_script_wait(&fixture->script, getpid(), deadline(10));
        autofd file = file_with("x", ATTACH_SCRIPT_MAX), pipe = -1;
        g_autofree char *text = contents(script), *buffer = g_malloc(ATTACH_SCRIPT_MAX);
        size_t size = 0;
        ssize_t n;

        pipe = open_pipe(text);
        assert_int_equal(attach_script_hand_over(&fixture->script, file), 0);
        while ((n = read(pipe, buffer, ATTACH_SCRIPT_MAX)) > 0)
                size += (size_t) n;
        assert_int_equal(size, ATTACH_SCRIPT_MAX);
}

static void test_too_long_text(void **state) {
        Fixture *fixture = *state;
        autofd script = attach_script_wait(&fixture->script, getpid(), deadline(10));
        autofd file = file_with("x", ATTACH_SCRIPT_MAX + 1);

        assert_true(script >= 0);
        assert_int_equal(attach_script_hand_over(&fixture->script, file), -EFBIG);
        assert_int_equal(attach_script_complete(file), -EFBIG);
}

/* The end of the client is an end of file. */
static void test_end_is_seen(void **state) {
        Fixture *fixture = *state;
        autofd script = attach_script_wait(&fixture->script, getpid(), deadline(0)), pipe = -1;
        g_autofree char *text = contents(script);
        char byte;

        pipe = open_pipe(text);
        attach_script_clear(&fixture->script);
        assert_int_equal(fixture->script.reader, -1);
        assert_int_equal(read(pipe, &byte, 1), 0);
}

static void test_target_that_sees_nothing(void **state) {
        Fixture *fixture = *state;

        assert_int_equal(attach_script_wait(&fixture->script, 0x3ffffff, deadline(1)), -EXDEV);
        assert_int_equal(fixture->script.writer, -1);
}

static void test_complete(void **state) {
        autofd file = file_with("a'\n\xff", 4), script = attach_script_complete(file);
        g_autofree char *text = NULL;

        assert_true(script >= 0);
        text = contents(script);
        assert_string_equal(text, "_text = bytes.fromhex('61270aff')\n" BODY);
}

static void test_missing_file(void **state) {
        Fixture *fixture = *state;
        autofd file = file_with("x", 1);

        g_unlink(fixture->file);
        assert_int_equal(attach_script_complete(file), -ENOENT);
        assert_int_equal(attach_script_wait(&fixture->script, getpid(), deadline(1)), -ENOENT);
        assert_int_equal(fixture->script.writer, -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_handed_over),
                TEST(test_long_text),
                TEST(test_too_long_text),
                TEST(test_end_is_seen),
                TEST(test_target_that_sees_nothing),
                TEST(test_complete),
                TEST(test_missing_file),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
