/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Messages for tests of what reads and writes them. */

#include <systemd/sd-bus.h>

/* For a group of tests: a message needs a connection to be made with. */
int message_set_up(void **state);
int message_tear_down(void **state);

/* A call of some method, to be filled. It is never sent. Owned by the caller. */
sd_bus_message *message_new(void);

/* End the writing; it can be read then. */
void message_seal(sd_bus_message *message);
