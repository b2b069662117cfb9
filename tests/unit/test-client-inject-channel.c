/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "client/inject-channel.h"
#include "client/spawn.h"
#include "helicopter/cleanup.h"
#include "helicopter/process.h"

#include <signal.h>
#include <sys/wait.h>

typedef struct Fixture {
        InjectChannel channel;
        pid_t target;
        int pidfd;
} Fixture;

static int script_with(size_t size) {
        int fd = memfd_create("script", MFD_CLOEXEC);

        if (fd < 0)
                fail();
        assert_int_equal(ftruncate(fd, (off_t) size), 0);
        return fd;
}

static int set_up(void **state) {
        char *argv[] = { (char *) "sleep", (char *) "1000", NULL };
        Fixture *fixture = g_new0(Fixture, 1);
        autofd script = script_with(3);

        assert_int_equal(write(script, "abc", 3), 3);
        assert_int_equal(lseek(script, 0, SEEK_SET), 0);
        fixture->channel = INJECT_CHANNEL_NONE;
        assert_int_equal(inject_channel_open(&fixture->channel, script), 0);
        assert_int_equal(spawn("/bin/sleep", argv, NULL, NULL, &fixture->target), 0);
        fixture->pidfd = process_open(fixture->target);
        *state = fixture;
        return 0;
}

static int tear_down(void **state) {
        Fixture *fixture = *state;

        inject_channel_close(&fixture->channel);
        kill(fixture->target, SIGKILL);
        waitpid(fixture->target, NULL, 0);
        close_fd(&fixture->pidfd);
        g_free(fixture);
        return 0;
}

static uint64_t soon(void) {
        return (uint64_t) g_get_monotonic_time() + 50 * 1000;
}

static uint64_t later(void) {
        return (uint64_t) g_get_monotonic_time() + 10 * G_USEC_PER_SEC;
}

/* What the job does, with a writing end of its own. */
static int open_end(const InjectChannel *channel) {
        g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", channel->end[1]);
        int fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);

        assert_true(fd >= 0);
        return fd;
}

static void test_too_large(void **state) {
        InjectChannel channel = INJECT_CHANNEL_NONE;
        autofd script = script_with(INJECT_SCRIPT_MAX + 1);

        assert_int_equal(inject_channel_open(&channel, script), -EFBIG);
        inject_channel_close(&channel);
        assert_int_equal(channel.script, -1);
}

static void test_unreadable(void **state) {
        InjectChannel channel = INJECT_CHANNEL_NONE;
        autofd folder = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        assert_int_equal(inject_channel_open(&channel, folder), -EISDIR);
        inject_channel_close(&channel);
}

static void test_wrapped(void **state) {
        Fixture *fixture = *state;
        char text[4096] = "", *folder = g_dir_make_tmp("test-XXXXXX", NULL);
        g_autofree char *file = g_build_filename(folder, "inject-job.py", NULL);
        g_autofree char *begin =
                g_strdup_printf("_client = %d\n_files = {\"script\": (%d, ", (int) getpid(), fixture->channel.script);
        autofd script = -1;

        setenv("HELICOPTER_DATA", folder, 1);
        assert_int_equal(inject_channel_wrap(&fixture->channel), -ENOENT);
        assert_true(g_file_set_contents(file, "the wrapper\n", -1, NULL));
        script = inject_channel_wrap(&fixture->channel);
        assert_true(script >= 0);
        assert_true(pread(script, text, sizeof text - 1, 0) > 0);
        assert_true(g_str_has_prefix(text, begin));
        assert_true(g_str_has_suffix(text, "}\nthe wrapper\n"));
        g_unlink(file);
        g_rmdir(folder);
        g_free(folder);
}

static void test_ends(void **state) {
        Fixture *fixture = *state;
        autofd end = open_end(&fixture->channel);

        assert_int_equal(write(end, "b", 1), 1);
        assert_int_equal(inject_channel_wait(&fixture->channel, fixture->pidfd, soon()), -ETIMEDOUT);
        assert_true(fixture->channel.begun);
        assert_int_equal(fixture->channel.end[1], -1);
        assert_int_equal(write(end, "d1", 2), 2);
        assert_int_equal(inject_channel_wait(&fixture->channel, fixture->pidfd, later()), 0);
        assert_true(fixture->channel.raised);
        assert_true(fixture->channel.dropped);
}

static void test_ends_well(void **state) {
        Fixture *fixture = *state;
        autofd end = open_end(&fixture->channel);

        assert_int_equal(write(end, "b0", 2), 2);
        assert_int_equal(inject_channel_wait(&fixture->channel, fixture->pidfd, later()), 0);
        assert_false(fixture->channel.raised);
        assert_false(fixture->channel.dropped);
}

static void test_goes_without_a_word(void **state) {
        Fixture *fixture = *state;
        autofd end = open_end(&fixture->channel);

        assert_int_equal(write(end, "b", 1), 1);
        assert_int_equal(inject_channel_wait(&fixture->channel, fixture->pidfd, soon()), -ETIMEDOUT);
        close_fd(&end);
        assert_int_equal(inject_channel_wait(&fixture->channel, fixture->pidfd, later()), -ECONNRESET);
}

static void test_target_ends(void **state) {
        Fixture *fixture = *state;

        kill(fixture->target, SIGKILL);
        assert_int_equal(inject_channel_wait(&fixture->channel, fixture->pidfd, later()), -ESRCH);
        assert_false(fixture->channel.begun);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_too_large),
                cmocka_unit_test(test_unreadable),
                TEST(test_wrapped),
                TEST(test_ends),
                TEST(test_ends_well),
                TEST(test_goes_without_a_word),
                TEST(test_target_ends),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
