/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A peer's connection in the event loop, in place of sd_bus_attach_event(). sd-bus reads whatever it is sent of a
 * message, up to 128 MiB and with as many descriptors as come along, for as long as it takes. Here it is looked at what
 * waits before each time that sd-bus reads, and a message that is too large, takes too long or is invalid is told. So
 * sd-bus reads when the whole header of a message waits, up to the end of that message. It does so too where it could not
 * write all that it has, or a call has timed out, and something comes just then.
 */

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "daemon/authentication.h"
#include "daemon/loss.h"

/* The connection is of no use any more. why: what the peer does wrong ("sends …"), or NULL when it just ended. */
typedef void (*IntakeEnded)(const char *why, void *userdata);

typedef struct Intake {
        sd_bus *bus;                    /* not owned */
        int fd;                         /* of sd-bus; the peer's socket once that is authenticated */
        Authentication *authentication; /* NULL: it is done */
        sd_event_source *io;
        uint32_t events;           /* that it waits for */
        sd_event_source *timer;    /* for sd-bus's own timeouts */
        uint64_t until;            /* that it is set to; UINT64_MAX: it is off */
        sd_event_source *deadline; /* of the message that has begun; off: none has */
        bool partial;              /* what waits is less than can be read */
        bool between;              /* nothing of the next message was read */
        bool taken;                /* a message was, just now */
        bool over;                 /* it is not watched: not yet, or no more */
        int fds;                   /* how many descriptors were open when the message began */
        Loss loss;                 /* of messages that sd-bus drops */
        IntakeEnded ended;         /* must not free the intake */
        void *userdata;
} Intake;

/*
 * socket: of the peer; it is taken over, also on failure. ret_fd: what sd-bus is to be given for it, and the caller's.
 * Returns 0 or a negative errno; intake_stop() is due in any case.
 */
int intake_init(Intake *intake, int socket, int *ret_fd);

/*
 * Watch a bus that was started with that descriptor. The intake must stay where it is, and intake_prepare() is to be called
 * for it. 0 or a negative errno.
 */
int intake_start(Intake *intake, sd_event *event, sd_bus *bus, IntakeEnded ended, void *userdata);

/* Read no more. May be called in a handler of the bus, unlike intake_stop(), which is due all the same. */
void intake_close(Intake *intake);
void intake_stop(Intake *intake);

/*
 * To be called each time before the event loop waits: sees to what for. It is not a prepare callback of the intake's own, since
 * sd-event sorts all that it calls in this way, each time (seen with 262).
 */
void intake_prepare(Intake *intake);

/*
 * To be called when a message was taken, before anything is done with it: what has arrived by now is the beginning of the
 * next. Returns whether something may be done with it: not where sd-bus has dropped another one before it.
 */
bool intake_message_taken(Intake *intake);
