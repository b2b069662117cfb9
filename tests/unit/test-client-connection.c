/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* connection.c and daemon-start.c: the ways to a daemon, and what is said when there is none. */

#include "test.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client-daemon.h"
#include "client/client-error.h"
#include "client/daemon-start.h"
#include "helicopter/cleanup.h"
#include "helicopter/private-socket.h"

/* What private_socket_connect() answers; 0: the truth. */
static int connect_result;

int __real_private_socket_connect(const char *path);
int __wrap_private_socket_connect(const char *path);

int __wrap_private_socket_connect(const char *path) {
        return connect_result ?: __real_private_socket_connect(path);
}

static char *folder;

static int set_up(void **state) {
        folder = g_dir_make_tmp("test-XXXXXX", NULL);
        setenv("XDG_RUNTIME_DIR", folder, 1);
        setenv("XDG_STATE_HOME", folder, 1);
        setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/no/such/socket", 1);
        connect_result = 0;
        return 0;
}

static int tear_down(void **state) {
        const char *const command[] = { "rm", "-rf", folder, NULL };

        g_spawn_sync(NULL, (char **) command, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL);
        g_clear_pointer(&folder, g_free);
        return 0;
}

static void assert_refused(const char *name, const char *word) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        g_autoptr(Connection) connection = NULL;

        assert_true(connection_open(&connection, &error) < 0);
        assert_true(sd_bus_error_has_name(&error, name));
        assert_non_null(strstr(error.message, word));
        assert_non_null(client_error_remedy(error.name));
        assert_null(connection);
}

static void test_foreign_socket(void **state) {
        connect_result = -EPERM;
        assert_refused(CLIENT_ERROR_NOT_OURS, "Another user");
}

static void test_full_queue(void **state) {
        connect_result = -EAGAIN;
        assert_refused(CLIENT_ERROR_SILENT, "does not answer");
}

static void test_missing_daemon(void **state) {
        setenv("HELICOPTER_DAEMON", "/no/such/daemon", 1);
        assert_refused(CLIENT_ERROR_NO_DAEMON, "/no/such/daemon");
}

static void test_daemon_that_ends(void **state) {
        setenv("HELICOPTER_DAEMON", "/bin/false", 1);
        assert_refused(CLIENT_ERROR_NO_DAEMON, "daemon.log");
}

/* A daemon of a few lines: it tells what it was given, and goes. */
static void test_daemon_gets_the_socket(void **state) {
        static const char script[] = "#!/bin/sh\n"
                                     "test -S /proc/self/fd/3 && echo socket\n"
                                     "test \"$LISTEN_PID\" = $$ && echo \"fds $LISTEN_FDS\"\n"
                                     "test -e /proc/self/fd/200 && echo leaked\n"
                                     "echo in $(pwd)\n";
        g_autofree char *program = g_build_filename(folder, "daemon", NULL), *log = daemon_log_path(), *said = NULL;
        int extra = dup2(STDERR_FILENO, 200);

        assert_int_equal(extra, 200);
        assert_true(g_file_set_contents_full(program, script, -1, G_FILE_SET_CONTENTS_NONE, 0755, NULL));
        setenv("HELICOPTER_DAEMON", program, 1);
        assert_refused(CLIENT_ERROR_NO_DAEMON, "ended");
        close(extra);
        assert_true(g_file_get_contents(log, &said, NULL, NULL));
        assert_string_equal(said, "socket\nfds 1\nin /\n");
}

static void test_nothing_is_started_when_somebody_listens(void **state) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        g_autofree char *path = private_socket_path();
        autofd listener = private_socket_listen(path);

        assert_true(listener >= 0);
        setenv("HELICOPTER_DAEMON", "/no/such/daemon", 1);
        assert_int_equal(daemon_start(path, &error), 0);
}

static int say_nothing(sd_bus_message *call, void *userdata) {
        return 1;
}

static void test_silent_daemon(void **state) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        Connection *connection;
        FakeDaemon *daemon = fake_daemon_start(say_nothing, NULL, &connection);

        assert_int_equal(connection_call(connection, "/", "a.b", "C", 100 * 1000, NULL, &error, ""), -ETIMEDOUT);
        assert_true(sd_bus_error_has_name(&error, CLIENT_ERROR_SILENT));
        connection_free(connection);
        fake_daemon_stop(daemon);
}

static int hang_up(sd_bus_message *call, void *userdata) {
        sd_bus_close(sd_bus_message_get_bus(call));
        return 1;
}

static void test_daemon_that_goes(void **state) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        Connection *connection;
        FakeDaemon *daemon = fake_daemon_start(hang_up, NULL, &connection);

        assert_int_equal(connection_call(connection, "/", "a.b", "C", CALL_TIMEOUT, NULL, &error, ""), -ECONNRESET);
        assert_true(sd_bus_error_has_name(&error, CLIENT_ERROR_LOST));
        assert_true(connection_wait(connection, UINT64_MAX) < 0);
        connection_free(connection);
        fake_daemon_stop(daemon);
}

static void test_wait_has_a_deadline(void **state) {
        Connection *connection;
        FakeDaemon *daemon = fake_daemon_start(say_nothing, NULL, &connection);
        int r;

        do
                r = connection_wait(connection, (uint64_t) g_get_monotonic_time() + 50 * 1000);
        while (r == 0);
        assert_int_equal(r, -ETIMEDOUT);
        connection_free(connection);
        fake_daemon_stop(daemon);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_foreign_socket),
                TEST(test_full_queue),
                TEST(test_missing_daemon),
                TEST(test_daemon_that_ends),
                TEST(test_daemon_gets_the_socket),
                TEST(test_nothing_is_started_when_somebody_listens),
                cmocka_unit_test(test_silent_daemon),
                cmocka_unit_test(test_daemon_that_goes),
                cmocka_unit_test(test_wait_has_a_deadline),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
