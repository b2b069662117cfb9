/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "daemon/peer.h"

#include <errno.h>
#include <sys/socket.h>
#include <time.h>

#include "daemon/bounds.h"
#include "daemon/job.h"
#include "daemon/manager-bus.h"
#include "daemon/order.h"
#include "daemon/registry-bus.h"
#include "helicopter/cleanup.h"
#include "helicopter/log.h"
#include "helicopter/parent-lock.h"

static void cut_off(const char *why, void *userdata) {
        Peer *peer = userdata;

        if (peer->unwanted)
                return;
        if (why)
                log_warning("A peer (pid %d) %s and is disconnected.", peer->pid, why);
        manager_drop_peer(peer->manager, peer);
}

/* Whether no more than so many messages wait to be read. If not, that is the peer's end. */
static bool reads(Peer *peer, uint64_t most) {
        uint64_t unread = 0;

        if (sd_bus_get_n_queued_write(peer->bus, &unread) < 0 || unread <= most)
                return true;
        cut_off("does not read its messages", peer);
        return false;
}

bool peer_wants_signals(Peer *peer) {
        /* While the daemon settles, those that have not registered yet are parents, too. */
        if (peer->unwanted || peer->job_name || peer->manager->settle || sd_bus_is_ready(peer->bus) <= 0)
                return false;
        return reads(peer, UNREAD_MAX);
}

bool peer_message_taken(Peer *peer) {
        peer->silent = false;
        return intake_message_taken(&peer->intake);
}

/* Sees each message first, but for replies to calls of ours: those come to whoever called. */
static int on_message(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Peer *peer = userdata;

        /* It has authenticated itself. */
        peer->deadline = sd_event_source_disable_unref(peer->deadline);
        if (!peer_message_taken(peer) || peer->unwanted)
                return 1;
        peer->wakes = false;
        orders_send_held(peer);
        return sd_bus_message_is_method_call(message, NULL, NULL) > 0 && !reads(peer, UNREAD_REPLIES_MAX);
}

Job *peer_job(const Peer *peer) {
        Job *job = peer->job_name ? manager_find_same_job(peer->manager, peer->job_name, peer->job_id) : NULL;

        return job && job->peer == peer ? job : NULL;
}

Peer *peer_free(Peer *peer) {
        Job *job;

        if (!peer)
                return NULL;
        job = peer_job(peer);
        if (job)
                job_parent_lost(job);
        orders_end(peer);
        sd_event_source_disable_unref(peer->deadline);
        intake_stop(&peer->intake);
        peer_doze_clear(&peer->doze);
        /* Not flushed: that would wait for a peer that does not read. */
        sd_bus_close_unref(peer->bus);
        g_free(peer->job_name);
        g_free(peer);
        return NULL;
}

static int on_deadline(sd_event_source *source, uint64_t usec, void *userdata) {
        Peer *peer = userdata;

        peer->deadline = sd_event_source_disable_unref(peer->deadline);
        if (sd_bus_is_ready(peer->bus) > 0)
                return 0;
        if (peer->wakes)
                log_warning(
                        "Job %s: its helicopter-parent (pid %d) does not wake and is disconnected; it comes back when "
                        "it goes on.",
                        peer->job_name, peer->pid);
        else
                log_info("A peer did not authenticate in time and is disconnected.");
        manager_drop_peer(peer->manager, peer);
        return 0;
}

static int on_disconnected(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Peer *peer = userdata;

        manager_drop_peer(peer->manager, peer);
        return 0;
}

/*
 * Tools that take this for a message bus (busctl --address=, gdbus, d-feet) begin with Hello and want a name for
 * themselves. One is as good as another: a peer has nobody to talk to but the daemon.
 */
static int method_hello(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        return sd_bus_reply_method_return(message, "s", ":1.1");
}

static const sd_bus_vtable bus_vtable[] = {
        SD_BUS_VTABLE_START(SD_BUS_VTABLE_HIDDEN),
        SD_BUS_METHOD("Hello", NULL, "s", method_hello, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};

static bool is_one_too_many(Manager *manager, pid_t pid) {
        GHashTableIter iter;
        unsigned count = 0;
        Peer *peer;

        if (g_hash_table_size(manager->peers) >= PEERS_MAX)
                return true;
        g_hash_table_iter_init(&iter, manager->peers);
        while (g_hash_table_iter_next(&iter, (void **) &peer, NULL))
                count += peer->pid == pid;
        return count >= PEERS_PER_PROCESS_MAX;
}

static int check(Manager *manager, int fd, pid_t *ret_pid) {
        struct ucred credentials;
        socklen_t size = sizeof credentials;

        if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) < 0)
                return -errno;
        /* Who is in no pid namespace of ours has no pid here. */
        if (credentials.uid != geteuid() || credentials.pid <= 0)
                return -EPERM;
        if (is_one_too_many(manager, credentials.pid))
                return -EUSERS;
        *ret_pid = credentials.pid;
        return 0;
}

static int open_bus(Peer *peer, int socket) {
        sd_id128_t id;
        int fd, r;

        r = intake_init(&peer->intake, socket, &fd);
        if (r < 0)
                return r;
        r = sd_bus_new(&peer->bus);
        if (r >= 0)
                r = sd_bus_set_fd(peer->bus, fd, fd);
        if (r < 0) {
                close(fd);
                return r;
        }
        r = sd_id128_randomize(&id);
        if (r < 0)
                return r;
        r = sd_bus_set_server(peer->bus, true, id);
        if (r < 0)
                return r;
        r = sd_bus_negotiate_fds(peer->bus, true);
        return r < 0 ? r : sd_bus_start(peer->bus);
}

static int export_to_client(Peer *peer) {
        int r;

        r = sd_bus_add_object_vtable(
                peer->bus, NULL, "/org/freedesktop/DBus", "org.freedesktop.DBus", bus_vtable, peer);
        return r < 0 ? r : manager_export(peer->manager, peer->bus);
}

int peer_open(Peer *peer, int fd, uint64_t timeout) {
        int r;

        r = open_bus(peer, fd);
        if (r < 0)
                return r;
        r = sd_bus_match_signal_async(peer->bus, NULL, NULL, "/org/freedesktop/DBus/Local",
                "org.freedesktop.DBus.Local", "Disconnected", on_disconnected, NULL, peer);
        if (r < 0)
                return r;
        r = sd_bus_add_filter(peer->bus, NULL, on_message, peer);
        if (r < 0)
                return r;
        r = registry_export(peer);
        if (r < 0)
                return r;
        r = sd_event_add_time_relative(
                peer->manager->event, &peer->deadline, CLOCK_MONOTONIC, timeout, 0, on_deadline, peer);
        return r < 0 ? r : intake_start(&peer->intake, peer->manager->event, peer->bus, cut_off, peer);
}

int peer_add(Manager *manager, int fd) {
        pid_t pid = 0;
        Peer *peer;
        int r;

        r = check(manager, fd, &pid);
        if (r < 0) {
                close(fd);
                return r;
        }
        peer = g_new(Peer, 1);
        *peer = (Peer) { .manager = manager, .pid = pid, .doze = PEER_DOZE_NONE };
        r = peer_open(peer, fd, AUTHENTICATION_TIMEOUT);
        /* Parents have no use for it, and there may be many. One that holds no lock is taken for a client, too. */
        if (r >= 0 && !parent_lock_is_held(pid))
                r = export_to_client(peer);
        if (r < 0) {
                peer_free(peer);
                return r;
        }
        g_hash_table_add(manager->peers, peer);
        return 0;
}
