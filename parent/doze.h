/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A connection to the daemon that dozes when there has been nothing to say for a quarter of a second: org.helicopter1.Registry tells
 * how. Its owner ends and begins connections; here is known when.
 */

#include <stdbool.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

typedef struct DozeHooks {
        void (*answered)(
                void *userdata);        /* things may be said again; where doze_is_on(), the bus is to be ended first */
        void (*called)(void *userdata); /* the daemon rings: begin anew */
        void (*lost)(void *userdata);   /* the daemon has gone, or hangs */
} DozeHooks;

typedef struct Doze {
        sd_event *event; /* not owned */
        const DozeHooks *hooks;
        void *userdata;
        sd_bus *bus; /* that is awake; not owned; NULL: none */
        sd_event_source *idle;
        bool used;    /* since the last look at it */
        bool refused; /* the daemon was asked, and cannot agree: an order of its was under way */
        int bell;     /* the reading end of the pipe; -1: the daemon was not asked, or has refused */
        int socket; /* of the connection that dozes; -1: none does, while there is a bell: the daemon's answer is to come */
        sd_event_source *ringing;
        sd_event_source *ended;
} Doze;

/* hooks: static. */
void doze_init(Doze *doze, sd_event *event, const DozeHooks *hooks, void *userdata);

/* A connection is there and registered. Where it cannot doze for want of memory, it just does not. */
void doze_watch(Doze *doze, sd_bus *bus);

/* The connection is over; also clears everything. */
void doze_stop(Doze *doze);

/* Whether the daemon was asked, and may agree: nothing may be said until `answered`. */
bool doze_is_asked(const Doze *doze);

/* Whether there is a connection, and it dozes. */
bool doze_is_on(const Doze *doze);

/* Wake: the socket on which a connection is to be begun, which becomes the caller's. */
int doze_end(Doze *doze);
