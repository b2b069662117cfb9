/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One end of a connection without a message bus. */

#include <stdbool.h>
#include <systemd/sd-bus.h>

/* Begin to speak D-Bus on a socket, as the server or as the client. The bus is the caller's, and fd is the bus's. */
sd_bus *bus_end_open(int fd, bool server);
