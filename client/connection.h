/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The way to the daemon: its private socket, or the user bus (which may activate it), or a daemon that is started here.
 * Nothing waits without a deadline, and calls fail with an error that can be shown as it is.
 */

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#include "helicopter/cleanup.h"

/* Deadline of a call that asks for nothing slow, in microseconds. */
#define CALL_TIMEOUT (15 * G_USEC_PER_SEC)

typedef struct Connection {
        sd_bus *bus;
        const char *destination; /* NULL on the private socket */
} Connection;

/* Connect. Returns 0, or a negative errno with *error set. */
int connection_open(Connection **ret_connection, sd_bus_error *error);

/* Connect where somebody listens on the private socket, and start nothing. Returns 0 or a negative errno: -ENOENT or
 * -ECONNREFUSED when nobody does. */
int connection_open_running(Connection **ret_connection);

/* Close and free; NULL is fine. */
Connection *connection_free(Connection *connection);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Connection, connection_free)

/* A method call to be filled by the caller. Returns 0 or a negative errno. */
int connection_prepare(Connection *connection, const char *object, const char *interface, const char *method,
        sd_bus_message **ret_call);

/*
 * Send a call and wait for its reply (which may be NULL if it does not matter), at most timeout microseconds. Returns
 * 0, or a negative errno with *error set.
 */
int connection_send(Connection *connection, sd_bus_message *call, uint64_t timeout, sd_bus_message **ret_reply,
        sd_bus_error *error);

/* Prepare and send a call whose arguments are given as sd_bus_message_append(3) takes them. */
int connection_call(Connection *connection, const char *object, const char *interface, const char *method,
        uint64_t timeout, sd_bus_message **ret_reply, sd_bus_error *error, const char *types, ...);

/* Have `handler` called, from within connection_wait(), when the daemon sends a signal. Returns 0 or a negative errno.
 */
int connection_subscribe(Connection *connection, const char *object, const char *interface, const char *signal,
        sd_bus_message_handler_t handler, void *userdata, sd_bus_slot **ret_slot);

/*
 * Handle one message, and wait for it if need be, until `deadline` (CLOCK_MONOTONIC, microseconds; UINT64_MAX: for
 * ever). Returns 0, -ETIMEDOUT, or a negative errno when the connection is gone.
 */
int connection_wait(Connection *connection, uint64_t deadline);
