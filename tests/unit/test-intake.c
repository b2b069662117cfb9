/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include <linux/sockios.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bus-end.h"
#include "daemon/intake.h"
#include "helicopter/cleanup.h"
#include "raw-peer.h"

#define HEADER 16
#define CALL 48

typedef struct Connection {
        sd_event *event;
        sd_bus *bus;
        Intake intake;
        int theirs;
        unsigned taken; /* messages */
        bool ended;
        const char *why; /* what the peer did wrong */
} Connection;

/* A method call without a path. */
static struct {
        uint8_t header[HEADER];
        uint8_t member[8];
} invalid = {
        { 'l', 1, 0, 1, 0, 0, 0, 0, 7, 0, 0, 0, 8, 0, 0, 0 },
        { 3, 1, 's', 0, 0, 0, 0, 0 },
};

int __real_sd_bus_process(sd_bus *bus, sd_bus_message **message);
int __wrap_sd_bus_process(sd_bus *bus, sd_bus_message **message);
int __real_sd_event_source_set_time_relative(sd_event_source *source, uint64_t usec);
int __wrap_sd_event_source_set_time_relative(sd_event_source *source, uint64_t usec);

/* Every deadline is over at once. */
static bool at_once;

int __wrap_sd_event_source_set_time_relative(sd_event_source *source, uint64_t usec) {
        return __real_sd_event_source_set_time_relative(source, at_once ? 0 : usec);
}

/* What arrives just after it was looked at what waits, and nothing did. */
static struct {
        Connection *connection;
        struct {
                unsigned taken; /* after so many messages were */
                const void *data;
                size_t size;
        } parts[2];
        size_t next, n;
} late;

static void sent(const Connection *connection, const void *data, size_t size) {
        raw_peer_send(connection->theirs, data, size);
}

static void comes_late(Connection *connection, unsigned taken, const void *data, size_t size) {
        late.connection = connection;
        late.parts[late.n].taken = taken;
        late.parts[late.n].data = data;
        late.parts[late.n++].size = size;
}

static void late_sent(void) {
        if (late.next == late.n || late.connection->taken < late.parts[late.next].taken)
                return;
        sent(late.connection, late.parts[late.next].data, late.parts[late.next].size);
        late.next++;
}

static int waiting(const Intake *intake) {
        int fd = intake->authentication ? authentication_socket(intake->authentication) : intake->fd, n = -1;

        assert_int_equal(ioctl(fd, SIOCINQ, &n), 0);
        return n;
}

/* What waits is dropped as sd-bus drops what is no message. Not by itself: it loses memory with that (262). */
static const Connection *drops;

static int drop(void) {
        uint8_t data[64];

        return recv(drops->intake.fd, data, sizeof data, MSG_DONTWAIT) > 0;
}

int __wrap_sd_bus_process(sd_bus *bus, sd_bus_message **message) {
        if (late.connection && waiting(&late.connection->intake) == 0)
                late_sent();
        return drops ? drop() : __real_sd_bus_process(bus, message);
}

static int on_message(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Connection *connection = userdata;

        if (intake_message_taken(&connection->intake))
                connection->taken++;
        return 1;
}

static void on_ended(const char *why, void *userdata) {
        Connection *connection = userdata;

        connection->ended = true;
        connection->why = why;
}

/* One round of the event loop, for as long at the most. Returns whether there was something to do. */
static bool turned(Connection *connection, uint64_t timeout) {
        int r;

        intake_prepare(&connection->intake);
        r = sd_event_run(connection->event, timeout);
        assert_true(r >= 0);
        return r > 0;
}

static void idle(Connection *connection) {
        while (turned(connection, 0))
                ;
}

static int set_up(void **state) {
        Connection *connection = g_new0(Connection, 1);
        int sockets[2], fd;

        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, sockets), 0);
        connection->theirs = sockets[1];
        assert_true(sd_event_new(&connection->event) >= 0);
        assert_true(intake_init(&connection->intake, sockets[0], &fd) >= 0);
        connection->bus = bus_end_open(fd, true);
        assert_true(sd_bus_add_filter(connection->bus, NULL, on_message, connection) >= 0);
        assert_true(intake_start(&connection->intake, connection->event, connection->bus, on_ended, connection) >= 0);
        *state = connection;
        return 0;
}

static int tear_down(void **state) {
        Connection *connection = *state;

        memset(&late, 0, sizeof late);
        at_once = false;
        drops = NULL;
        intake_stop(&connection->intake);
        sd_bus_close_unref(connection->bus);
        sd_event_unref(connection->event);
        close_fd(&connection->theirs);
        g_free(connection);
        return 0;
}

/* All but the last line. */
static void ask_for_authentication(const Connection *connection) {
        raw_peer_begin(connection->theirs, geteuid());
        sent(connection, "NEGOTIATE_UNIX_FD\r\n", 19);
}

static void authenticate(Connection *connection) {
        ask_for_authentication(connection);
        sent(connection, "BEGIN\r\n", 7);
        idle(connection);
        assert_true(sd_bus_is_ready(connection->bus) > 0);
}

/* A method call: D-Bus specification, "Message Format". */
static void make_call(uint8_t data[CALL]) {
        static const char fields[] = "\1\1o\0\2\0\0\0/a\0\0\0\0\0\0\3\1s\0\1\0\0\0b";
        uint8_t header[HEADER] = { 'l', 1, 1, 1, 0, 0, 0, 0, 7, 0, 0, 0, sizeof fields };

        memset(data, 0, CALL);
        memcpy(data, header, sizeof header);
        memcpy(data + HEADER, fields, sizeof fields);
}

static void call(const Connection *connection) {
        uint8_t data[CALL];

        make_call(data);
        sent(connection, data, sizeof data);
}

static void assert_cut_off(const Connection *connection, const char *why) {
        assert_true(connection->ended);
        assert_string_equal(connection->why, why);
}

static void assert_left(const Connection *connection) {
        assert_true(connection->ended);
        assert_null(connection->why);
}

/* It has sent one message, and is served on. */
static void assert_served(Connection *connection) {
        assert_int_equal(connection->taken, 1);
        call(connection);
        idle(connection);
        assert_int_equal(connection->taken, 2);
        assert_false(connection->ended);
}

static void test_messages(void **state) {
        Connection *connection = *state;

        authenticate(connection);
        for (unsigned i = 1; i <= 3; i++) {
                call(connection);
                idle(connection);
                assert_int_equal(connection->taken, i);
        }
        call(connection);
        call(connection);
        idle(connection);
        assert_int_equal(connection->taken, 5);
        assert_false(connection->ended);
}

static void test_hung_up(void **state) {
        Connection *connection = *state;

        authenticate(connection);
        assert_int_equal(shutdown(connection->theirs, SHUT_WR), 0);
        while (sd_bus_is_open(connection->bus) > 0)
                assert_true(turned(connection, 60 * G_USEC_PER_SEC));
}

static void test_too_large(void **state) {
        Connection *connection = *state;
        uint8_t header[HEADER] = { 'l', 1, 0, 1, 0, 0, 0, 4, 7, 0, 0, 0, 0 };

        authenticate(connection);
        sent(connection, header, sizeof header);
        idle(connection);
        assert_cut_off(connection, "sends a message that is too large");
}

static void test_invalid(void **state) {
        Connection *connection = *state;

        authenticate(connection);
        drops = connection;
        sent(connection, &invalid, sizeof invalid);
        idle(connection);
        assert_cut_off(connection, "sends an invalid message");
        assert_int_equal(connection->taken, 0);
}

static void test_invalid_byte_by_byte(void **state) {
        Connection *connection = *state;

        authenticate(connection);
        drops = connection;
        for (size_t i = 0; i < sizeof invalid; i++) {
                assert_false(connection->ended);
                sent(connection, (const uint8_t *) &invalid + i, 1);
                idle(connection);
        }
        assert_cut_off(connection, "sends an invalid message");
}

/* With the end of the authentication a first message, and then half of one that sd-bus will drop. */
static void test_between_look_and_read(void **state) {
        static const size_t half = HEADER + 4;
        Connection *connection = *state;
        uint8_t begin[7 + CALL] = "BEGIN\r\n";

        make_call(begin + 7);
        comes_late(connection, 0, begin, sizeof begin);
        comes_late(connection, 1, &invalid, half);
        ask_for_authentication(connection);
        idle(connection);
        while (late.next < late.n) {
                late_sent();
                idle(connection);
        }
        assert_int_equal(connection->taken, 1);
        assert_false(connection->ended);
        drops = connection;
        sent(connection, (const uint8_t *) &invalid + half, sizeof invalid - half);
        idle(connection);
        assert_cut_off(connection, "sends an invalid message");
        assert_int_equal(connection->taken, 1);
}

/* It is waited for without being told of the half again and again. */
static void test_half_a_header(void **state) {
        Connection *connection = *state;
        uint8_t data[CALL];

        authenticate(connection);
        make_call(data);
        for (size_t i = 0; i < sizeof data; i++) {
                assert_int_equal(connection->taken, 0);
                sent(connection, data + i, 1);
                idle(connection);
        }
        assert_int_equal(connection->taken, 1);
        assert_false(connection->ended);
}

static void test_half_a_header_and_no_more(void **state) {
        Connection *connection = *state;

        authenticate(connection);
        sent(connection, "l", 1);
        idle(connection);
        close_fd(&connection->theirs);
        idle(connection);
        assert_left(connection);
}

static void test_half_a_header_and_shut_down(void **state) {
        Connection *connection = *state;

        authenticate(connection);
        sent(connection, "l", 1);
        idle(connection);
        assert_int_equal(shutdown(connection->theirs, SHUT_WR), 0);
        idle(connection);
        assert_left(connection);
}

static void test_garbage(void **state) {
        Connection *connection = *state;

        authenticate(connection);
        sent(connection, "GET / HTTP/1.1\r\n", HEADER);
        idle(connection);
        assert_cut_off(connection, "sends an invalid message");
}

static void test_too_slow(void **state) {
        Connection *connection = *state;

        authenticate(connection);
        at_once = true;
        sent(connection, &invalid, sizeof invalid - 1);
        while (!connection->ended)
                assert_true(turned(connection, 60 * G_USEC_PER_SEC));
        assert_cut_off(connection, "takes too long to send a message");
}

static void test_hung_up_before(void **state) {
        Connection *connection = *state;

        ask_for_authentication(connection);
        idle(connection);
        sent(connection, "BEG", 3);
        idle(connection);
        close_fd(&connection->theirs);
        idle(connection);
        assert_left(connection);
}

static int on_no_answer(sd_bus_message *answer, void *userdata, sd_bus_error *error) {
        assert_non_null(sd_bus_message_get_error(answer));
        *(bool *) userdata = true;
        return 0;
}

/* A call of ours times out, and sd-bus goes on to read where only half a header waits. */
static void test_time_out_meanwhile(void **state) {
        Connection *connection = *state;
        g_autoptr(sd_bus_message) message = NULL;
        bool timed_out = false;
        uint8_t data[CALL];

        authenticate(connection);
        assert_true(sd_bus_message_new_method_call(connection->bus, &message, NULL, "/a", "org.example.A", "B") >= 0);
        assert_true(sd_bus_call_async(connection->bus, NULL, message, on_no_answer, &timed_out, 1) >= 0);
        make_call(data);
        sent(connection, data, 5);
        while (!timed_out)
                assert_true(turned(connection, 60 * G_USEC_PER_SEC));
        idle(connection);
        sent(connection, data + 5, sizeof data - 5);
        idle(connection);
        assert_served(connection);
}

static uint64_t unwritten(const Connection *connection) {
        uint64_t n = 0;

        assert_true(sd_bus_get_n_queued_write(connection->bus, &n) >= 0);
        return n;
}

/* A peer that reads slowly says something just as sd-bus has written part of a message. */
static void test_written_in_part_meanwhile(void **state) {
        Connection *connection = *state;
        g_autoptr(sd_bus_message) message = NULL;
        g_autofree char *text = g_strnfill(32 << 20, 'x'), *data = g_malloc(1 << 20);
        uint8_t late_call[CALL];

        authenticate(connection);
        assert_true(sd_bus_message_new_signal(connection->bus, &message, "/a", "org.example.A", "B") >= 0);
        assert_true(sd_bus_message_append(message, "s", text) >= 0);
        assert_true(sd_bus_send(connection->bus, message, NULL) >= 0);
        idle(connection);
        assert_int_equal(unwritten(connection), 1);
        make_call(late_call);
        comes_late(connection, 0, late_call, sizeof late_call);
        while (unwritten(connection) > 0 || recv(connection->theirs, data, 1, MSG_PEEK | MSG_DONTWAIT) > 0) {
                while (recv(connection->theirs, data, 1 << 20, MSG_DONTWAIT) > 0)
                        ;
                idle(connection);
                assert_false(connection->ended);
        }
        assert_served(connection);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_messages, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_hung_up, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_too_large, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_invalid, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_invalid_byte_by_byte, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_between_look_and_read, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_half_a_header, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_half_a_header_and_no_more, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_half_a_header_and_shut_down, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_time_out_meanwhile, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_written_in_part_meanwhile, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_garbage, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_too_slow, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_hung_up_before, set_up, tear_down),
        };

        return cmocka_run_group_tests_name("intake", tests, NULL, NULL);
}
