/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A daemon for tests of the client: the far end of a connection, in a thread of its own, that does what a test tells.
 */

#include "client/connection.h"

typedef struct FakeDaemon FakeDaemon;

/* Answer a method call, or not. Runs in the thread. */
typedef int (*FakeDaemonAnswer)(sd_bus_message *call, void *userdata);

/* Start it, and set *ret_connection to what connection_open() would make. */
FakeDaemon *fake_daemon_start(FakeDaemonAnswer answer, void *userdata, Connection **ret_connection);

/* End the connection and the thread. */
void fake_daemon_stop(FakeDaemon *daemon);
