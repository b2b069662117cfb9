/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "daemon/settle.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

#include "helicopter/cleanup.h"
#include "helicopter/log.h"
#include "helicopter/parent-lock.h"
#include "helicopter/process.h"

/* When nobody has come for so long, the rest is not waited for. */
#define QUIET_TIME (2 * G_USEC_PER_SEC)

/* All of it takes no longer: clients are waiting. */
#define SETTLE_TIME (5 * G_USEC_PER_SEC)

#define PARENTS_MAX 8192

struct Settle {
        Manager *manager;
        SettleDone done;
        void *userdata;
        GHashTable *expected; /* pid → the source that tells of its end, owned */
        sd_event_source *quiet;
        sd_event_source *deadline;
        sd_event_source *finish;
};

static int on_finish(sd_event_source *source, void *userdata) {
        Settle *settle = userdata;

        if (g_hash_table_size(settle->expected) > 0)
                log_warning("%u helicopter-parents that run did not register in time.",
                        g_hash_table_size(settle->expected));
        g_hash_table_remove_all(settle->expected);
        settle->quiet = sd_event_source_disable_unref(settle->quiet);
        settle->deadline = sd_event_source_disable_unref(settle->deadline);
        settle->manager->settle = NULL;
        settle->done(settle->userdata);
        return 0;
}

static void finish(Settle *settle) {
        int r;

        if (settle->finish)
                return;
        r = sd_event_add_defer(settle->manager->event, &settle->finish, on_finish, settle);
        if (r < 0) {
                log_error("The daemon cannot begin to serve: %s; it ends, and one is started again when it is needed.",
                        g_strerror(-r));
                sd_event_exit(settle->manager->event, r);
        }
}

static int on_time(sd_event_source *source, uint64_t usec, void *userdata) {
        finish(userdata);
        return 0;
}

static void forget(Settle *settle, pid_t pid) {
        if (g_hash_table_remove(settle->expected, GINT_TO_POINTER(pid)) && g_hash_table_size(settle->expected) == 0)
                finish(settle);
}

typedef struct Expected {
        Settle *settle;
        pid_t pid;
} Expected;

static int on_parent_end(sd_event_source *source, int fd, uint32_t events, void *userdata) {
        const Expected *expected = userdata;

        forget(expected->settle, expected->pid);
        return 0;
}

/* It would not come before somebody lets it go on. */
static bool is_stopped(pid_t pid) {
        ProcessStatus status;

        return process_status(pid, &status) >= 0 && (status.state == 'T' || status.state == 't');
}

static int expect(Settle *settle, pid_t pid) {
        autofd pidfd = process_open(pid);
        sd_event_source *source;
        Expected *expected;
        int r;

        if (pidfd < 0 || !parent_lock_is_held(pid) || is_stopped(pid))
                return 0;
        expected = g_new(Expected, 1);
        *expected = (Expected) { .settle = settle, .pid = pid };
        r = sd_event_add_io(settle->manager->event, &source, pidfd, EPOLLIN, on_parent_end, expected);
        if (r < 0) {
                g_free(expected);
                return r;
        }
        sd_event_source_set_destroy_callback(source, g_free);
        sd_event_source_set_io_fd_own(source, true);
        (void) g_steal_fd(&pidfd);
        g_hash_table_insert(settle->expected, GINT_TO_POINTER(pid), source);
        return 0;
}

static int expect_all(Settle *settle) {
        g_autofree pid_t *pids = NULL;
        int count = parent_lock_list(PARENTS_MAX, &pids);

        if (count < 0) {
                log_warning("It is not known which jobs run: %s.", g_strerror(-count));
                return 0;
        }
        for (int i = 0; i < count; i++) {
                int r = expect(settle, pids[i]);

                if (r < 0)
                        return r;
        }
        return 0;
}

static int set_timers(Settle *settle) {
        sd_event *event = settle->manager->event;
        int r;

        r = sd_event_add_time_relative(event, &settle->quiet, CLOCK_MONOTONIC, QUIET_TIME, 0, on_time, settle);
        if (r < 0)
                return r;
        return sd_event_add_time_relative(event, &settle->deadline, CLOCK_MONOTONIC, SETTLE_TIME, 0, on_time, settle);
}

static void free_source(void *source) {
        sd_event_source_disable_unref(source);
}

int settle_new(Manager *manager, SettleDone done, void *userdata, Settle **ret_settle) {
        g_autoptr(Settle) settle = g_new(Settle, 1);
        int r;

        *settle = (Settle) {
                .manager = manager,
                .done = done,
                .userdata = userdata,
                .expected = g_hash_table_new_full(NULL, NULL, NULL, free_source),
        };
        r = expect_all(settle);
        if (r < 0)
                return r;
        r = set_timers(settle);
        if (r < 0)
                return r;
        if (g_hash_table_size(settle->expected) == 0)
                finish(settle);
        manager->settle = settle;
        *ret_settle = g_steal_pointer(&settle);
        return 0;
}

Settle *settle_free(Settle *settle) {
        if (!settle)
                return NULL;
        if (settle->manager->settle == settle)
                settle->manager->settle = NULL;
        g_hash_table_unref(settle->expected);
        sd_event_source_disable_unref(settle->quiet);
        sd_event_source_disable_unref(settle->deadline);
        sd_event_source_disable_unref(settle->finish);
        g_free(settle);
        return NULL;
}

void settle_came(Settle *settle, pid_t pid) {
        if (!settle)
                return;
        if (settle->quiet && sd_event_source_set_time_relative(settle->quiet, QUIET_TIME) < 0)
                finish(settle);
        forget(settle, pid);
}

bool settle_is_parent(const Settle *settle, int connection) {
        struct ucred peer;
        socklen_t size = sizeof peer;

        if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 || peer.pid <= 0)
                return false;
        return g_hash_table_contains(settle->expected, GINT_TO_POINTER(peer.pid)) || parent_lock_is_held(peer.pid);
}
