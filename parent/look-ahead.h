/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A script is about to be queued: where the main thread, which is to run it, is blocked, who made its call is found out meanwhile. What was
 * begun is kept for a moment, for the waker that comes with the script.
 */

#include <systemd/sd-bus.h>

#include "parent/call-origin.h"

/* The method Parent.LookAhead. */
int look_ahead_method(sd_bus_message *message, void *supervisor, sd_bus_error *error);

/*
 * Hand over what was begun, if it is about a thread in that call: the snapshot and the CallOrigin are the caller's then. Returns whether it
 * is. Whether the thread is still in the very call of the snapshot is looked at when it is interrupted.
 */
bool look_ahead_take(Supervisor *supervisor, pid_t tid, const ThreadCall *call, WakeSnapshot **ret_snapshot,
        CallOrigin **ret_origin);

/* NULL is fine. Returns NULL. */
LookAhead *look_ahead_free(LookAhead *ahead);
