/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* session-control.c, and job-script.c below it: the test is the attach script, and a thread of it the daemon. */

#include "test.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client-daemon.h"
#include "client/session-control.h"
#include "helicopter/bus-names.h"
#include "helicopter/error.h"

#define JOB HELICOPTER_JOB_PREFIX "/x"
#define PATIENCE (60 * G_USEC_PER_SEC)

typedef struct Fixture {
        FakeDaemon *daemon;
        Connection *connection;
        JobWatch *watch;
        Stage stage;
        SessionControl control;
        sd_event *event;
        int script; /* the script's end of the socket */
        /* What the daemon does. */
        const char *queue_error, *wake_error;
        bool elsewhere;
        /* What it has seen. */
        int guard;
        char *said; /* the script */
        char *mode;
} Fixture;

static void read_script(Fixture *fixture, sd_bus_message *call) {
        int script, guard;
        uint32_t target;
        char text[64] = "";

        assert_true(sd_bus_message_read(call, "uh", &target, &script) > 0);
        assert_int_equal(target, 77);
        assert_true(pread(script, text, sizeof text - 1, 0) > 0);
        g_free(fixture->said);
        fixture->said = g_strdup(text);
        assert_true(sd_bus_message_enter_container(call, 'a', "{sv}") > 0);
        assert_true(sd_bus_message_enter_container(call, 'e', "sv") > 0);
        assert_true(sd_bus_message_skip(call, "s") > 0);
        assert_true(sd_bus_message_read(call, "v", "h", &guard) > 0);
        if (fixture->guard >= 0)
                close(fixture->guard);
        fixture->guard = dup(guard);
}

static void read_mode(Fixture *fixture, sd_bus_message *call) {
        const char *key, *mode;
        uint32_t target;

        assert_true(sd_bus_message_read(call, "u", &target) > 0);
        assert_true(sd_bus_message_enter_container(call, 'a', "{sv}") > 0);
        assert_true(sd_bus_message_enter_container(call, 'e', "sv") > 0);
        assert_true(sd_bus_message_read(call, "s", &key) > 0);
        assert_string_equal(key, "mode");
        assert_true(sd_bus_message_read(call, "v", "s", &mode) > 0);
        g_free(fixture->mode);
        fixture->mode = g_strdup(mode);
}

static int answer(sd_bus_message *call, void *userdata) {
        Fixture *fixture = userdata;

        if (sd_bus_message_is_method_call(call, NULL, "RemoteExec")) {
                read_script(fixture, call);
                if (fixture->queue_error)
                        return sd_bus_reply_method_errorf(call, fixture->queue_error, "Not now.");
                return sd_bus_reply_method_return(call, NULL);
        }
        if (sd_bus_message_is_method_call(call, NULL, "Wake")) {
                read_mode(fixture, call);
                if (fixture->wake_error)
                        return sd_bus_reply_method_errorf(call, fixture->wake_error, "It sleeps.");
                return sd_bus_reply_method_return(call, "a{sv}", 4, "thread", "u", 78, "main", "b", !fixture->elsewhere,
                        "news", "as", 1, "x", "reason", "s", "It is busy.");
        }
        return 0;
}

static int set_up(void **state) {
        Fixture *fixture = g_new0(Fixture, 1);

        fixture->guard = -1;
        fixture->daemon = fake_daemon_start(answer, fixture, &fixture->connection);
        fixture->watch = g_new0(JobWatch, 1);
        fixture->watch->connection = fixture->connection;
        fixture->watch->info = job_info_new(JOB);
        fixture->control = SESSION_CONTROL_NONE;
        fixture->control.watch = fixture->watch;
        fixture->control.target = 77;
        fixture->control.deadline = (uint64_t) g_get_monotonic_time() + PATIENCE;
        fixture->control.stage = &fixture->stage;
        assert_int_equal(session_control_open(&fixture->control, &fixture->script), 0);
        assert_true(sd_event_new(&fixture->event) >= 0);
        assert_true(sd_bus_attach_event(fixture->connection->bus, fixture->event, SD_EVENT_PRIORITY_NORMAL) >= 0);
        assert_true(session_control_serve(&fixture->control, fixture->event) >= 0);
        *state = fixture;
        return 0;
}

static int tear_down(void **state) {
        Fixture *fixture = *state;

        session_control_clear(&fixture->control);
        sd_bus_detach_event(fixture->connection->bus);
        sd_event_unref(fixture->event);
        close_fd(&fixture->script);
        job_watch_free(fixture->watch);
        connection_free(fixture->connection);
        fake_daemon_stop(fixture->daemon);
        close_fd(&fixture->guard);
        g_free(fixture->said);
        g_free(fixture->mode);
        g_free(fixture);
        return 0;
}

static void say(const Fixture *fixture, const char *word, int fd) {
        union {
                struct cmsghdr header;
                char space[CMSG_SPACE(sizeof(int))];
        } control = {};
        struct iovec buffer = { .iov_base = (char *) word, .iov_len = strlen(word) };
        struct msghdr message = { .msg_iov = &buffer, .msg_iovlen = 1 };

        if (fd >= 0) {
                message.msg_control = &control;
                message.msg_controllen = sizeof control;
                control.header = (struct cmsghdr) {
                        .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(int))
                };
                memcpy(CMSG_DATA(&control.header), &fd, sizeof fd);
        }
        assert_int_equal(sendmsg(fixture->script, &message, 0), (ssize_t) strlen(word));
}

/* Let the client work until it says something, which must be that. */
static void assert_hears(const Fixture *fixture, const char *expected) {
        char word[64] = "";

        while (recv(fixture->script, word, sizeof word - 1, MSG_DONTWAIT) < 0) {
                assert_int_equal(errno, EAGAIN);
                assert_true(sd_event_run(fixture->event, PATIENCE) > 0);
        }
        assert_string_equal(word, expected);
}

static void exec(const Fixture *fixture, const char *text) {
        autofd script = memfd_create("script", MFD_CLOEXEC);

        assert_int_equal(write(script, text, strlen(text)), (ssize_t) strlen(text));
        say(fixture, "exec", script);
}

/* Whether the daemon's end of the guard says that the client's is closed. */
static bool is_withdrawn(const Fixture *fixture) {
        struct pollfd fd = { .fd = fixture->guard };

        assert_true(poll(&fd, 1, 0) >= 0);
        return fd.revents & POLLHUP;
}

static void test_all_goes_well(void **state) {
        Fixture *fixture = *state;

        exec(fixture, "pass");
        assert_hears(fixture, "queued");
        assert_hears(fixture, "taken");
        assert_string_equal(fixture->said, "pass");
        assert_string_equal(fixture->mode, "auto");
        assert_true(fixture->control.taken);
        assert_false(fixture->control.connected);
        assert_int_equal(fixture->control.thread, 0);
        say(fixture, "connected", -1);
        assert_hears(fixture, "go");
        assert_true(fixture->control.connected);
}

static void test_another_thread(void **state) {
        Fixture *fixture = *state;

        fixture->elsewhere = true;
        fixture->control.wake = "force";
        exec(fixture, "pass");
        assert_hears(fixture, "queued");
        assert_hears(fixture, "elsewhere");
        assert_int_equal(fixture->control.thread, 78);
        assert_string_equal(fixture->control.reason, "It is busy.");
        assert_string_equal(fixture->mode, "force");
}

static void test_not_queued(void **state) {
        Fixture *fixture = *state;

        fixture->queue_error = HELICOPTER_ERROR_SCRIPT_PENDING;
        exec(fixture, "pass");
        assert_hears(fixture, "failed");
        assert_true(sd_bus_error_has_name(&fixture->control.error, HELICOPTER_ERROR_SCRIPT_PENDING));
        assert_string_equal(fixture->control.error.message, "Not now.");
}

static void test_not_taken(void **state) {
        Fixture *fixture = *state;

        fixture->wake_error = HELICOPTER_ERROR_BLOCKED;
        exec(fixture, "pass");
        assert_hears(fixture, "queued");
        assert_hears(fixture, "failed");
        assert_true(sd_bus_error_has_name(&fixture->control.error, HELICOPTER_ERROR_BLOCKED));
        assert_true(is_withdrawn(fixture));
        assert_false(fixture->control.taken);
}

static void test_once_more(void **state) {
        Fixture *fixture = *state;

        exec(fixture, "one");
        assert_hears(fixture, "queued");
        assert_hears(fixture, "taken");
        exec(fixture, "two");
        assert_hears(fixture, "queued");
        assert_hears(fixture, "taken");
        assert_string_equal(fixture->said, "two");
}

static void test_end_withdraws(void **state) {
        Fixture *fixture = *state;

        exec(fixture, "pass");
        assert_hears(fixture, "queued");
        assert_false(is_withdrawn(fixture));
        session_control_clear(&fixture->control);
        assert_true(is_withdrawn(fixture));
        assert_int_equal(fixture->control.socket, -1);
}

static void test_nonsense(void **state) {
        Fixture *fixture = *state;

        say(fixture, "a word that is longer than any that there is", -1);
        say(fixture, "exec", -1);
        assert_hears(fixture, "failed");
        assert_true(sd_bus_error_is_set(&fixture->control.error));
}

static void test_scripts_end(void **state) {
        Fixture *fixture = *state;

        unsigned turns = 0;

        close_fd(&fixture->script);
        assert_true(sd_event_run(fixture->event, PATIENCE) > 0);
        /* The bus may have something to say, but not for ever. */
        while (sd_event_run(fixture->event, G_USEC_PER_SEC / 10) > 0)
                assert_true(++turns < 100);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_all_goes_well),
                TEST(test_another_thread),
                TEST(test_not_queued),
                TEST(test_not_taken),
                TEST(test_once_more),
                TEST(test_end_withdraws),
                TEST(test_nonsense),
                TEST(test_scripts_end),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
