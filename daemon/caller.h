/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Who sent a message: as the kernel says, never as the message says. */

#include <glib.h>
#include <sys/types.h>
#include <systemd/sd-bus.h>

typedef struct Caller {
        pid_t pid;
        uid_t uid;
        int pidfd;
        char *command;    /* never NULL */
        char *executable; /* never NULL */
} Caller;

#define CALLER_NONE ((Caller) { .pidfd = -1 })

void caller_clear(Caller *caller);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Caller, caller_clear)

/*
 * Find out who sent a message, on the private socket or on the user bus, and hold the process by a pidfd. *caller:
 * CALLER_NONE. Returns 0, or a negative errno and sets *error: NotPermitted for another user, TargetGone when the
 * sender has ended.
 */
int caller_query(sd_bus_message *message, Caller *caller, sd_bus_error *error);
