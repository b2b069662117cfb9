/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bus-end.h"
#include "helicopter/bus-names.h"
#include "helicopter/cleanup.h"
#include "parent/doze.h"

#define TIMEOUT (60 * G_USEC_PER_SEC)

static bool no_pipes;

int __real_pipe2(int fds[2], int flags);
int __wrap_pipe2(int fds[2], int flags);
int __wrap_pipe2(int fds[2], int flags) {
        if (!no_pipes)
                return __real_pipe2(fds, flags);
        errno = EMFILE;
        return -1;
}

/* Both sides of a connection, in one event loop; and what has become of them. */
typedef struct Two {
        sd_event *event;
        sd_bus *daemon, *parent;
        Doze doze;
        bool agrees, fails;
        int bell; /* the daemon's */
        unsigned asked, answered, called, lost;
        unsigned orders;        /* that have come to the parent */
        bool orders_meet_asked; /* and what may be said then */
        bool sends_order;
} Two;

static int method_doze(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Two *two = userdata;
        int bell;

        two->asked++;
        if (two->sends_order)
                assert_true(sd_bus_call_method_async(two->daemon, NULL, NULL, "/order", "org.helicopter1.Test", "Order",
                                    NULL, NULL, NULL) >= 0);
        if (two->fails)
                return -EIO;
        assert_true(sd_bus_message_read(message, "h", &bell) > 0);
        two->bell = fcntl(bell, F_DUPFD_CLOEXEC, 0);
        return sd_bus_reply_method_return(message, "b", two->agrees);
}

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("Doze", "h", "b", method_doze, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};

static const sd_bus_vtable older_vtable[] = { SD_BUS_VTABLE_START(0), SD_BUS_VTABLE_END };

static int method_order(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Two *two = userdata;

        two->orders++;
        two->orders_meet_asked = doze_is_asked(&two->doze);
        return sd_bus_reply_method_return(message, NULL);
}

static const sd_bus_vtable order_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("Order", NULL, NULL, method_order, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};

static void on_answered(void *userdata) {
        ((Two *) userdata)->answered++;
}

static void on_called(void *userdata) {
        ((Two *) userdata)->called++;
}

static void on_lost(void *userdata) {
        ((Two *) userdata)->lost++;
}

static const DozeHooks hooks = { .answered = on_answered, .called = on_called, .lost = on_lost };

static sd_bus *new_bus(Two *two, int fd, bool server) {
        sd_bus *bus = bus_end_open(fd, server);

        assert_true(sd_bus_attach_event(bus, two->event, 0) >= 0);
        return bus;
}

static Two *two_new(const sd_bus_vtable *registry) {
        Two *two = g_new(Two, 1);
        int fds[2];

        *two = (Two) { .agrees = true, .bell = -1 };
        assert_true(sd_event_new(&two->event) >= 0);
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), 0);
        two->daemon = new_bus(two, fds[0], true);
        two->parent = new_bus(two, fds[1], false);
        assert_true(sd_bus_add_object_vtable(
                            two->daemon, NULL, HELICOPTER_OBJECT, HELICOPTER_REGISTRY_INTERFACE, registry, two) >= 0);
        assert_true(
                sd_bus_add_object_vtable(two->parent, NULL, "/order", "org.helicopter1.Test", order_vtable, two) >= 0);
        doze_init(&two->doze, two->event, &hooks, two);
        doze_watch(&two->doze, two->parent);
        return two;
}

static void two_free(Two *two) {
        doze_stop(&two->doze);
        close_fd(&two->bell);
        sd_bus_close_unref(two->daemon);
        sd_bus_close_unref(two->parent);
        sd_event_unref(two->event);
        g_free(two);
}

static void run_until(Two *two, const unsigned *count) {
        uint64_t before = (uint64_t) g_get_monotonic_time();

        while (*count == 0) {
                assert_true(sd_event_run(two->event, TIMEOUT) >= 0);
                assert_true((uint64_t) g_get_monotonic_time() - before < TIMEOUT);
        }
}

static void run_for(Two *two, uint64_t usec) {
        uint64_t end = (uint64_t) g_get_monotonic_time() + usec, now;

        while ((now = (uint64_t) g_get_monotonic_time()) < end)
                assert_true(sd_event_run(two->event, end - now) >= 0);
}

static Two *two_asleep(void) {
        Two *two = two_new(vtable);

        run_until(two, &two->answered);
        assert_true(doze_is_on(&two->doze));
        assert_false(doze_is_asked(&two->doze));
        two->parent = sd_bus_close_unref(two->parent);
        two->daemon = sd_bus_close_unref(two->daemon);
        return two;
}

static void test_daemon_rings(void **state) {
        Two *two = two_asleep();
        autofd socket = -1;

        /* The other end of the socket went with the daemon's bus: what comes first is the bell. */
        two->doze.ended = sd_event_source_disable_unref(two->doze.ended);
        close_fd(&two->bell);
        run_until(two, &two->called);
        socket = doze_end(&two->doze);
        assert_true(socket >= 0);
        assert_false(doze_is_on(&two->doze));
        assert_int_equal(two->lost, 0);
        two_free(two);
}

static void test_daemon_ends(void **state) {
        Two *two = two_asleep();

        run_until(two, &two->lost);
        assert_int_equal(two->called, 0);
        two_free(two);
}

static void test_daemon_refuses(void **state) {
        Two *two = two_new(vtable);

        two->agrees = false;
        run_until(two, &two->answered);
        assert_false(doze_is_on(&two->doze));
        assert_false(doze_is_asked(&two->doze));
        assert_int_equal(two->doze.bell, -1);
        run_for(two, G_USEC_PER_SEC);
        assert_int_equal(two->asked, 1);
        two_free(two);
}

/* Before the daemon has refused: the order's own answer is not to come before what has to be told. */
static void test_order_crosses_the_question(void **state) {
        Two *two = two_new(vtable);

        two->sends_order = true;
        two->agrees = false;
        run_until(two, &two->orders);
        assert_int_equal(two->answered, 0);
        assert_false(two->orders_meet_asked);
        run_until(two, &two->answered);
        assert_int_equal(two->doze.bell, -1);
        two_free(two);
}

/* It goes on as it did before there was such a thing. */
static void test_older_daemon(void **state) {
        Two *two = two_new(older_vtable);

        run_until(two, &two->answered);
        assert_false(doze_is_on(&two->doze));
        assert_int_equal(two->lost, 0);
        two_free(two);
}

static void test_error(void **state) {
        Two *two = two_new(vtable);

        two->fails = true;
        run_until(two, &two->lost);
        assert_false(doze_is_on(&two->doze));
        assert_int_equal(two->answered, 0);
        two_free(two);
}

/* Whoever is spoken with is not asked. */
static void test_in_use(void **state) {
        Two *two = two_new(vtable);

        for (int i = 0; i < 20; i++) {
                assert_true(sd_bus_call_method_async(two->daemon, NULL, NULL, "/", "org.freedesktop.DBus.Peer", "Ping",
                                    NULL, NULL, NULL) >= 0);
                run_for(two, G_USEC_PER_SEC / 20);
        }
        assert_int_equal(two->asked, 0);
        run_until(two, &two->answered);
        assert_true(doze_is_on(&two->doze));
        two_free(two);
}

static void test_stops_while_asked(void **state) {
        Two *two = two_new(vtable);

        run_until(two, &two->asked);
        assert_true(doze_is_asked(&two->doze));
        doze_stop(&two->doze);
        assert_false(doze_is_asked(&two->doze));
        run_for(two, G_USEC_PER_SEC / 2);
        assert_int_equal(two->answered + two->lost, 0);
        two_free(two);
}

static void test_no_descriptor(void **state) {
        Two *two = two_new(vtable);

        no_pipes = true;
        run_for(two, G_USEC_PER_SEC);
        no_pipes = false;
        assert_int_equal(two->asked + two->answered + two->lost, 0);
        assert_false(doze_is_asked(&two->doze));
        two_free(two);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_daemon_rings),
                cmocka_unit_test(test_daemon_ends),
                cmocka_unit_test(test_daemon_refuses),
                cmocka_unit_test(test_order_crosses_the_question),
                cmocka_unit_test(test_older_daemon),
                cmocka_unit_test(test_error),
                cmocka_unit_test(test_in_use),
                cmocka_unit_test(test_stops_while_asked),
                cmocka_unit_test(test_no_descriptor),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
