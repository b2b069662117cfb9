/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "message.h"

#include "test.h"

#include <sys/socket.h>

#include "helicopter/cleanup.h"

static sd_bus *bus;
static int far_end = -1;

int message_set_up(void **state) {
        int ends[2];

        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
        far_end = ends[1];
        assert_true(sd_bus_new(&bus) >= 0);
        assert_true(sd_bus_set_fd(bus, ends[0], ends[0]) >= 0);
        return sd_bus_start(bus) < 0;
}

int message_tear_down(void **state) {
        bus = sd_bus_close_unref(bus);
        close_fd(&far_end);
        return 0;
}

sd_bus_message *message_new(void) {
        sd_bus_message *message;

        assert_true(sd_bus_message_new_method_call(bus, &message, NULL, "/", "a.b", "C") >= 0);
        return message;
}

void message_seal(sd_bus_message *message) {
        assert_true(sd_bus_message_seal(message, 1, 0) >= 0);
}
