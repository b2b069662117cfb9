/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the attach script has the client do for it: the daemon knows the client, not the script. They talk over a socket pair
 * (SOCK_SEQPACKET), a word a packet:
 *
 *   script → client   exec        with a memfd: have the target run this script; may come again when that was taken
 *   client → script   queued      it will (Job.RemoteExec)
 *                     taken       its main thread has begun to (Job.Wake)
 *                     elsewhere   another thread has
 *                     failed      it will not; the client tells the user why
 *   script → client   connected   the target's debugger is there
 *   client → script   go          the user was told; the terminal is the script's now
 *
 * The script's end closes the socket. The client's end, and an end of the wait, close the guard of RemoteExec, which has the
 * request withdrawn.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "client/job-wait.h"
#include "client/stage.h"

typedef struct SessionControl {
        JobWatch *watch;
        pid_t target;
        const char *wake;  /* Wake's mode, or NULL for its default */
        uint64_t deadline; /* of Wake; CLOCK_MONOTONIC, microseconds */
        Stage *stage;      /* what is reached is told there, or NULL */
        /* What became of it. */
        bool queued, taken, connected;
        uint32_t thread;    /* that took the script, where that is not the main one; else 0 */
        char *reason;       /* why it did */
        sd_bus_error error; /* what has failed */
        /* Its own. */
        int socket, guard;
        sd_bus_slot *call;
} SessionControl;

#define SESSION_CONTROL_NONE ((SessionControl) { .error = SD_BUS_ERROR_NULL, .socket = -1, .guard = -1 })

/* Make the socket pair. Returns 0 and the script's end, owned by the caller, or a negative errno. */
int session_control_open(SessionControl *control, int *ret_socket);

/* Do what the script asks for, from that event loop, to which the watch's bus is attached. Returns 0 or a negative errno. */
int session_control_serve(SessionControl *control, sd_event *event);

/* Withdraw a script that was not taken, and free everything. */
void session_control_clear(SessionControl *control);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SessionControl, session_control_clear)
