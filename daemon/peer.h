/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A connection to the private socket: a client, or the parent of a job. */

#include <stdbool.h>
#include <sys/types.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "daemon/intake.h"
#include "daemon/manager.h"
#include "daemon/peer-doze.h"

struct Peer {
        Manager *manager; /* not owned; outlives the peer */
        pid_t pid;        /* that connected; it may have ended */
        sd_bus *bus;      /* NULL while it dozes */
        Intake intake;
        sd_event_source *deadline; /* for its authentication */
        char *job_name;            /* what it registered; NULL: nothing */
        uint64_t job_id;
        bool grants_with_news; /* it has Parent.GrantWithNews; older parents have not */
        GQueue orders;         /* that it has not answered yet; daemon/order.h */
        PeerDoze doze;
        bool wakes;    /* it has not said anything since it dozed */
        bool silent;   /* it did not answer in time, and nothing has come from it since */
        bool unwanted; /* to be dropped by the manager's next sweep */
};

/*
 * Serve a connection: check who is there, and export the objects. fd is taken over, also on failure. The peer belongs
 * to the manager. Returns 0, -EPERM for another user or a process of a foreign pid namespace, -EUSERS when there are too
 * many connections (daemon/bounds.h), or another negative errno.
 */
int peer_add(Manager *manager, int fd);

/*
 * Begin to speak D-Bus, as its server. fd is taken over, also on failure. timeout: for the authentication, in
 * microseconds. 0 or a negative errno; what was done by then is undone by peer_free().
 */
int peer_open(Peer *peer, int fd, uint64_t timeout);

/* Close the connection. Never fails, returns NULL. */
Peer *peer_free(Peer *peer);

/* The job that it registered and speaks for, or NULL. */
Job *peer_job(const Peer *peer);

/* A message of it was taken that it sent as a reply to one of ours. Returns whether something may be done with it. */
bool peer_message_taken(Peer *peer);

/*
 * Whether signals are to be sent to it: it has said who it is, is not a parent, and reads what it is sent. One that
 * does not read is dropped.
 */
bool peer_wants_signals(Peer *peer);
