/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bus-end.h"

#include "test.h"

sd_bus *bus_end_open(int fd, bool server) {
        sd_id128_t id;
        sd_bus *bus;

        assert_true(sd_bus_new(&bus) >= 0);
        assert_true(sd_bus_set_fd(bus, fd, fd) >= 0);
        if (server) {
                assert_true(sd_id128_randomize(&id) >= 0);
                assert_true(sd_bus_set_server(bus, true, id) >= 0);
        }
        assert_true(sd_bus_negotiate_fds(bus, true) >= 0);
        assert_true(sd_bus_start(bus) >= 0);
        return bus;
}
