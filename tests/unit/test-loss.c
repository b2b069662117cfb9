/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/loss.h"
#include "helicopter/cleanup.h"
#include "raw-peer.h"

typedef struct Connection {
        int ours, theirs;
        Loss loss;
        FreeFds free;
} Connection;

static int set_up(void **state) {
        Connection *connection = g_new0(Connection, 1);
        int sockets[2];

        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets), 0);
        connection->ours = sockets[0];
        connection->theirs = sockets[1];
        loss_init(&connection->loss, connection->ours);
        *state = connection;
        return 0;
}

static int tear_down(void **state) {
        Connection *connection = *state;

        loss_clear(&connection->loss);
        close(connection->ours);
        close(connection->theirs);
        g_free(connection);
        return 0;
}

static void sent(const Connection *connection, const char *text) {
        raw_peer_send(connection->theirs, text, strlen(text));
}

/* What sd-bus would do; a descriptor comes along if that is wanted. */
static int reads(const Connection *connection, size_t size, bool descriptor) {
        char data[64];

        assert_int_equal(read(connection->ours, data, size), (ssize_t) size);
        return descriptor ? open("/dev/null", O_RDONLY | O_CLOEXEC) : -1;
}

static bool is_open(int fd) {
        return fcntl(fd, F_GETFD) >= 0;
}

static void test_peek_and_count(void **state) {
        Connection *connection = *state;
        char data[8] = "";

        assert_int_equal(loss_peek(&connection->loss, data, 3), 0);
        sent(connection, "abcdef");
        assert_int_equal(loss_peek(&connection->loss, data, 3), 3);
        assert_string_equal(data, "abc");
        assert_int_equal(loss_peek(&connection->loss, data, sizeof data), 6);
        assert_int_equal(loss_read(&connection->loss), 0);
        reads(connection, 4, false);
        assert_int_equal(loss_read(&connection->loss), 4);
        assert_int_equal(loss_peek(&connection->loss, data, sizeof data), 2);
        assert_memory_equal(data, "ef", 2);
        assert_int_equal(loss_read(&connection->loss), 4);
        loss_begin(&connection->loss, 2);
        assert_int_equal(loss_read(&connection->loss), 0);
}

static void test_message_taken(void **state) {
        Connection *connection = *state;
        autofd fd = -1;

        sent(connection, "message");
        loss_begin(&connection->loss, 7);
        loss_before(&connection->loss, &connection->free);
        fd = reads(connection, 7, true);
        assert_true(loss_taken(&connection->loss));
        assert_false(loss_after(&connection->loss, true));
        assert_true(is_open(fd));
}

/* In two steps; what somebody else opens in between is none of it. */
static void test_message_dropped(void **state) {
        Connection *connection = *state;
        autofd other = -1;
        int first, second;

        sent(connection, "message");
        loss_begin(&connection->loss, 7);
        loss_before(&connection->loss, &connection->free);
        first = reads(connection, 3, true);
        assert_false(loss_after(&connection->loss, false));
        other = open("/dev/null", O_RDONLY | O_CLOEXEC);
        loss_before(&connection->loss, &connection->free);
        second = reads(connection, 4, true);
        assert_true(loss_after(&connection->loss, false));
        assert_false(is_open(first));
        assert_false(is_open(second));
        assert_true(is_open(other));
}

static void test_another_taken(void **state) {
        Connection *connection = *state;
        int fd;

        sent(connection, "invalid valid");
        loss_begin(&connection->loss, 7);
        loss_before(&connection->loss, &connection->free);
        fd = reads(connection, 13, true);
        assert_false(loss_taken(&connection->loss));
        assert_true(loss_after(&connection->loss, true));
        assert_false(is_open(fd));
}

/* A handler of a time-out may have opened something. */
static void test_nothing_read(void **state) {
        Connection *connection = *state;
        autofd fd = -1;

        loss_begin(&connection->loss, 0);
        loss_before(&connection->loss, &connection->free);
        fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        assert_false(loss_after(&connection->loss, false));
        assert_true(is_open(fd));
}

static void test_unknown(void **state) {
        Connection *connection = *state;
        autofd fd = -1;

        sent(connection, "anything");
        loss_begin_unknown(&connection->loss);
        loss_before(&connection->loss, &connection->free);
        fd = reads(connection, 8, true);
        assert_true(loss_taken(&connection->loss));
        assert_false(loss_after(&connection->loss, false));
        assert_true(is_open(fd));
}

static void test_peek_beyond_descriptors(void **state) {
        Connection *connection = *state;
        char data[8] = "";

        raw_peer_send_with(connection->theirs, "ab", 2, connection->theirs);
        sent(connection, "cd");
        raw_peer_send_with(connection->theirs, "efg", 3, connection->theirs);
        assert_int_equal(loss_peek(&connection->loss, data, 6), 6);
        assert_string_equal(data, "abcdef");
        assert_int_equal(loss_peek(&connection->loss, data, sizeof data), 7);
        assert_int_equal(loss_read(&connection->loss), 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_peek_and_count, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_message_taken, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_message_dropped, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_another_taken, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_nothing_read, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_unknown, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_peek_beyond_descriptors, set_up, tear_down),
        };

        return cmocka_run_group_tests_name("loss", tests, NULL, NULL);
}
