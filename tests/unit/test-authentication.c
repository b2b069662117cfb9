/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bus-end.h"
#include "daemon/authentication.h"
#include "daemon/free-fds.h"
#include "helicopter/cleanup.h"
#include "raw-peer.h"

typedef struct Connection {
        Authentication *authentication;
        sd_bus *bus;
        int ours; /* sd-bus's */
        int theirs;
} Connection;

static int set_up(void **state) {
        Connection *connection = g_new0(Connection, 1);
        int sockets[2], offset = 1 << 30;

        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, sockets), 0);
        /* As of one that has dozed. */
        assert_int_equal(setsockopt(sockets[0], SOL_SOCKET, SO_PEEK_OFF, &offset, sizeof offset), 0);
        connection->theirs = sockets[1];
        assert_int_equal(authentication_new(sockets[0], &connection->authentication, &connection->ours), 0);
        connection->bus = bus_end_open(connection->ours, true);
        *state = connection;
        return 0;
}

static int tear_down(void **state) {
        Connection *connection = *state;

        authentication_free(connection->authentication);
        sd_bus_close_unref(connection->bus);
        close_fd(&connection->theirs);
        g_free(connection);
        return 0;
}

static void sent(const Connection *connection, const char *data, size_t size) {
        raw_peer_send(connection->theirs, data, size);
}

static int step(const Connection *connection) {
        return authentication_step(connection->authentication, connection->bus);
}

static void assert_answers(const Connection *connection, const char *begin, const char *end) {
        char data[256] = "";
        ssize_t n = recv(connection->theirs, data, sizeof data - 1, MSG_DONTWAIT);

        assert_true(n > 0);
        assert_true(g_str_has_prefix(data, begin));
        assert_true(g_str_has_suffix(data, end));
}

/* What is behind the end of the authentication is not touched, and then it is sd-bus's socket that it waits in. */
static void test_all_at_once(void **state) {
        Connection *connection = *state;
        g_autofree char *first = raw_peer_first_line(geteuid());
        g_autofree char *text = g_strdup_printf("%sNEGOTIATE_UNIX_FD\r\nBEGIN\r\nBEGIN\r\nmore", first);
        char data[64] = "";

        sent(connection, "", 1);
        sent(connection, text, strlen(text));
        assert_int_equal(step(connection), 1);
        assert_answers(connection, "OK ", "\r\nAGREE_UNIX_FD\r\n");
        connection->authentication = authentication_free(connection->authentication);
        assert_int_equal(recv(connection->ours, data, sizeof data - 1, MSG_DONTWAIT), 11);
        assert_string_equal(data, "BEGIN\r\nmore");
        sent(connection, "later", 5);
        assert_int_equal(recv(connection->ours, data, sizeof data - 1, MSG_DONTWAIT), 5);
        close_fd(&connection->theirs);
        assert_int_equal(recv(connection->ours, data, sizeof data - 1, MSG_DONTWAIT), 0);
}

/* As of who waits for each answer. */
static void test_line_by_line(void **state) {
        Connection *connection = *state;

        raw_peer_begin(connection->theirs, geteuid());
        assert_int_equal(step(connection), 0);
        assert_answers(connection, "OK ", "\r\n");
        assert_int_equal(step(connection), -EAGAIN);
        sent(connection, "NEGOTIATE_UNIX_FD\r\n", 19);
        assert_int_equal(step(connection), 0);
        assert_answers(connection, "AGREE_UNIX_FD\r\n", "");
        sent(connection, "BEGIN\r\n", 7);
        assert_int_equal(step(connection), 1);
        assert_int_equal(recv(connection->theirs, (char[8]) { "" }, 8, MSG_DONTWAIT), -1);
}

static void test_byte_by_byte(void **state) {
        Connection *connection = *state;
        g_autofree char *first = raw_peer_first_line(geteuid());
        g_autofree char *text = g_strdup_printf("%sBEGIN\r\n", first);
        size_t size = strlen(text);
        int r = 0;

        sent(connection, "", 1);
        for (size_t i = 0; i < size; i++) {
                sent(connection, text + i, 1);
                r = step(connection);
                assert_int_equal(r, i + 1 == size ? 1 : text[i] == '\n' ? 0 : -EAGAIN);
        }
        assert_answers(connection, "OK ", "\r\n");
}

static void test_somebody_else(void **state) {
        Connection *connection = *state;

        raw_peer_begin(connection->theirs, geteuid() + 1);
        assert_int_equal(step(connection), 0);
        assert_answers(connection, "REJECTED", "\r\n");
        sent(connection, "BEGIN\r\n", 7);
        assert_true(step(connection) <= 0);
}

static void test_something_else(void **state) {
        Connection *connection = *state;

        sent(connection, "l", 1);
        assert_int_equal(step(connection), -EPROTO);
}

static void test_endless_line(void **state) {
        Connection *connection = *state;
        g_autofree char *text = g_strnfill(5000, 'A');

        sent(connection, "", 1);
        sent(connection, text, 4094);
        assert_int_equal(step(connection), -EAGAIN);
        sent(connection, text, 1);
        assert_int_equal(step(connection), -EMSGSIZE);
}

static void test_endless_lines(void **state) {
        Connection *connection = *state;
        int r = 0;

        sent(connection, "", 1);
        for (unsigned i = 0; i < 10000 && r == 0; i++) {
                sent(connection, "ERROR\r\n", 7);
                r = step(connection);
                while (recv(connection->theirs, (char[64]) { "" }, 64, MSG_DONTWAIT) > 0)
                        ;
        }
        assert_true(r < 0);
}

static void test_hung_up(void **state) {
        Connection *connection = *state;

        close_fd(&connection->theirs);
        assert_int_equal(step(connection), -ECONNRESET);
}

static void test_answers_that_are_not_read(void **state) {
        Connection *connection = *state;

        raw_peer_begin(connection->theirs, geteuid());
        while (send(authentication_socket(connection->authentication), "x", 1, MSG_DONTWAIT) > 0)
                ;
        assert_int_equal(step(connection), -ECONNRESET);
}

static void test_descriptors(void **state) {
        Connection *connection = *state;
        g_autofree char *first = raw_peer_first_line(geteuid());
        int lowest = free_fds_lowest(STDERR_FILENO);

        sent(connection, "", 1);
        raw_peer_send_with(connection->theirs, first, strlen(first), connection->theirs);
        assert_int_equal(step(connection), 0);
        assert_answers(connection, "OK ", "\r\n");
        assert_int_equal(free_fds_lowest(STDERR_FILENO), lowest);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_all_at_once, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_line_by_line, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_byte_by_byte, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_somebody_else, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_something_else, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_endless_line, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_endless_lines, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_hung_up, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_answers_that_are_not_read, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_descriptors, set_up, tear_down),
        };

        return cmocka_run_group_tests_name("authentication", tests, NULL, NULL);
}
