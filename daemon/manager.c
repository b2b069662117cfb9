/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "daemon/manager.h"

#include <errno.h>
#include <time.h>

#include "daemon/bounds.h"
#include "daemon/job-end.h"
#include "daemon/job.h"
#include "daemon/launcher.h"
#include "daemon/manager-bus.h"
#include "daemon/peer.h"
#include "daemon/restart.h"
#include "daemon/unused-memory.h"
#include "helicopter/cleanup.h"
#include "helicopter/error.h"
#include "helicopter/job-name.h"
#include "helicopter/job-record.h"
#include "helicopter/log.h"
#include "helicopter/printable.h"
#include "helicopter/process.h"

/* How long a job has between SIGTERM and SIGKILL when the daemon is told to terminate, and all of them together. */
#define TERMINATE_GRACE (10 * G_USEC_PER_SEC)
#define TERMINATE_TIMEOUT (30 * G_USEC_PER_SEC)

/* So much of a list of names is shown in a message. */
#define NAMES_SHOWN_MAX 200

static void free_job(void *job) {
        job_free(job);
}

static void free_peer(void *peer) {
        peer_free(peer);
}

static void unref_message(void *message) {
        sd_bus_message_unref(message);
}

static int on_prepare(sd_event_source *source, void *userdata) {
        Manager *manager = userdata;
        GHashTableIter iter;
        Peer *peer;

        g_hash_table_iter_init(&iter, manager->peers);
        while (g_hash_table_iter_next(&iter, (void **) &peer, NULL))
                intake_prepare(&peer->intake);
        return 0;
}

static int on_never(sd_event_source *source, uint64_t usec, void *userdata) {
        return 0;
}

static void add_prepare(Manager *manager) {
        if (sd_event_add_time(manager->event, &manager->prepare, CLOCK_MONOTONIC, UINT64_MAX, 0, on_never, manager) <
                        0 ||
                sd_event_source_set_prepare(manager->prepare, on_prepare) < 0)
                g_error("out of memory");
}

Manager *manager_new(sd_event *event) {
        Manager *manager = g_new(Manager, 1);

        *manager = (Manager) {
                .event = sd_event_ref(event),
                .jobs = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_job),
                .ended = G_QUEUE_INIT,
                .peers = g_hash_table_new_full(NULL, NULL, NULL, free_peer),
                .pending = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
                .terminating = g_ptr_array_new_with_free_func(unref_message),
        };
        manager->launcher = launcher_new(manager);
        add_prepare(manager);
        return manager;
}

Manager *manager_free(Manager *manager) {
        if (!manager)
                return NULL;
        manager->ends = true;
        /* Peers look for their jobs when they go. */
        g_hash_table_unref(manager->peers);
        g_queue_clear(&manager->ended);
        g_hash_table_unref(manager->jobs);
        sd_event_source_disable_unref(manager->prepare);
        sd_event_source_disable_unref(manager->sweep);
        sd_event_source_disable_unref(manager->unused_memory);
        sd_event_source_disable_unref(manager->ended_source);
        launcher_free(manager->launcher);
        sd_event_source_disable_unref(manager->terminate_deadline);
        g_ptr_array_unref(manager->terminating);
        g_hash_table_unref(manager->pending);
        sd_bus_close_unref(manager->user_bus);
        sd_event_unref(manager->event);
        g_free(manager);
        return NULL;
}

Job *manager_find_job(Manager *manager, const char *name) {
        return g_hash_table_lookup(manager->jobs, name);
}

Job *manager_find_same_job(Manager *manager, const char *name, uint64_t id) {
        Job *job = manager_find_job(manager, name);

        return job && job->id == id ? job : NULL;
}

/* The job that has `pid` as its main process, or `parent` as its helicopter-parent. */
static Job *find_running(Manager *manager, uint32_t pid, uint32_t parent) {
        GHashTableIter iter;
        Job *job;

        g_hash_table_iter_init(&iter, manager->jobs);
        while (g_hash_table_iter_next(&iter, NULL, (void **) &job))
                if (job_is_running(job) && (job->told.pid == pid || job->parent_pid == parent))
                        return job;
        return NULL;
}

Job *manager_find_job_by_pid(Manager *manager, pid_t pid) {
        ProcessStatus status;

        /* Upwards, so that of nested jobs the inner one is found; bounded, since the tree may change meanwhile. */
        for (unsigned depth = 0; depth < 4096 && pid > 1; depth++) {
                Job *job;

                if (process_status(pid, &status) < 0)
                        return NULL;
                job = find_running(manager, (uint32_t) pid, (uint32_t) status.parent);
                if (job)
                        return job;
                pid = status.parent;
        }
        return NULL;
}

int manager_set_bad_name(sd_bus_error *error, const char *name) {
        g_autofree char *shown = printable(name, 2 * JOB_NAME_MAX);

        return sd_bus_error_setf(error, HELICOPTER_ERROR_BAD_NAME, "'%s' is not a name for a job.", shown);
}

int manager_set_not_listed(sd_bus_error *error, const char *name) {
        return sd_bus_error_setf(error, HELICOPTER_ERROR_NO_SUCH_JOB, "Job %s is not listed any more.", name);
}

static guint count_active(Manager *manager) {
        return g_hash_table_size(manager->jobs) - g_queue_get_length(&manager->ended);
}

static int check_new_name(Manager *manager, const char *name, sd_bus_error *error) {
        guint active = count_active(manager);

        if (!job_name_is_valid(name))
                return manager_set_bad_name(error, name);
        if (active >= JOBS_MAX)
                return sd_bus_error_setf(error, HELICOPTER_ERROR_LIMIT_REACHED,
                        "There are %u jobs already, and no more may be.", active);
        return 0;
}

static void drop_job(Manager *manager, Job *job) {
        g_queue_remove(&manager->ended, job);
        manager_emit_job_removed(manager, job);
        g_hash_table_remove(manager->jobs, job->name);
}

void manager_remove_job(Manager *manager, Job *job) {
        job_record_remove(job->name);
        drop_job(manager, job);
}

static Job *new_job(Manager *manager, const char *name) {
        Job *job = job_new(manager, name, ++manager->last_job_id);

        g_hash_table_insert(manager->jobs, job->name, job);
        manager_emit_job_new(manager, job);
        return job;
}

static Job *add_job(Manager *manager, const char *name) {
        Job *old = manager_find_job(manager, name);

        if (old)
                manager_remove_job(manager, old);
        return new_job(manager, name);
}

Job *manager_add_ended_job(Manager *manager, const char *name) {
        Job *old = manager_find_job(manager, name);

        if (old)
                drop_job(manager, old);
        return new_job(manager, name);
}

Job *manager_replace_job(Manager *manager, Job *ended) {
        g_autofree char *name = g_strdup(ended->name);

        return add_job(manager, name);
}

static bool name_is_free(Manager *manager, const char *name) {
        Job *job = manager_find_job(manager, name);

        return !job || job_is_over(job);
}

Job *manager_add_job(Manager *manager, const char *name, sd_bus_error *error) {
        if (check_new_name(manager, name, error) < 0)
                return NULL;
        if (!name_is_free(manager, name)) {
                sd_bus_error_setf(error, HELICOPTER_ERROR_JOB_EXISTS, "A job named %s exists and has not ended.", name);
                return NULL;
        }
        return add_job(manager, name);
}

Job *manager_add_job_numbered(Manager *manager, const char *name, sd_bus_error *error) {
        g_autofree char *numbered = NULL;

        if (check_new_name(manager, name, error) < 0)
                return NULL;
        if (name_is_free(manager, name))
                return add_job(manager, name);
        /* One of JOBS_MAX + 1 names is free, since no more jobs than that are active. */
        for (unsigned number = 2; !numbered || !name_is_free(manager, numbered); number++) {
                g_free(numbered);
                numbered = job_name_numbered(name, number);
        }
        return add_job(manager, numbered);
}

bool manager_is_terminating(const Manager *manager) {
        return manager->terminating->len > 0;
}

/* Whoever has everything stopped does not want to be told of it the next time. */
static void forget_all(Manager *manager) {
        for (GList *link = manager->ended.head; link; link = link->next)
                job_record_remove(((Job *) link->data)->name);
}

static void finish_terminate(Manager *manager) {
        if (!manager_is_terminating(manager) || count_active(manager) > 0 || manager->units_stopping > 0)
                return;
        forget_all(manager);
        log_info("All jobs have ended, and so does the daemon, as it was told to.");
        for (guint i = 0; i < manager->terminating->len; i++)
                sd_bus_reply_method_return(manager->terminating->pdata[i], NULL);
        g_ptr_array_set_size(manager->terminating, 0);
        sd_event_exit(manager->event, 0);
}

/* Whether it is to be dropped. */
static gboolean see_to(void *key, void *value, void *userdata) {
        Peer *peer = key;

        peer_fall_asleep(peer);
        return peer->unwanted;
}

/* Do what could not be done in the callback that found it to be due: drop what is of no use, above all. */
static int on_sweep(sd_event_source *source, void *userdata) {
        Manager *manager = userdata;

        g_hash_table_foreach_remove(manager->peers, see_to, NULL);
        restart_carry_out(manager);
        for (GList *link = manager->ended.head; link;) {
                Job *job = link->data;

                link = link->next;
                if (job->never_ran || g_queue_get_length(&manager->ended) > ENDED_MAX)
                        manager_remove_job(manager, job);
        }
        finish_terminate(manager);
        unused_memory_return(manager->event, &manager->unused_memory);
        return 0;
}

void manager_need_sweep(Manager *manager) {
        int r;

        if (!manager->sweep)
                r = sd_event_add_defer(manager->event, &manager->sweep, on_sweep, manager);
        else
                r = sd_event_source_set_enabled(manager->sweep, SD_EVENT_ONESHOT);
        if (r < 0)
                log_error("Cannot clean up: %s.", g_strerror(-r));
}

void manager_unit_stopping(Manager *manager) {
        manager->units_stopping++;
}

void manager_unit_stopped(Manager *manager) {
        manager->units_stopping--;
        manager_need_sweep(manager);
}

void manager_job_ended(Manager *manager, Job *job) {
        g_queue_push_tail(&manager->ended, job);
        manager_need_sweep(manager);
}

void manager_drop_peer(Manager *manager, Peer *peer) {
        peer->unwanted = true;
        manager_need_sweep(manager);
}

/* "a, b, …" of the jobs that run; there may be thousands. Owned by the caller. */
static char *active_names(Manager *manager) {
        GString *names = g_string_new(NULL);
        GHashTableIter iter;
        Job *job;

        g_hash_table_iter_init(&iter, manager->jobs);
        while (g_hash_table_iter_next(&iter, NULL, (void **) &job) && names->len < NAMES_SHOWN_MAX)
                if (!job_has_ended(job))
                        g_string_append_printf(names, "%s%s", names->len > 0 ? ", " : "", job->name);
        if (names->len >= NAMES_SHOWN_MAX)
                g_string_append(names, ", …");
        return g_string_free(names, FALSE);
}

static int on_terminate_deadline(sd_event_source *source, uint64_t usec, void *userdata) {
        Manager *manager = userdata;
        g_autofree char *names = active_names(manager);

        for (guint i = 0; i < manager->terminating->len; i++)
                sd_bus_reply_method_errorf(manager->terminating->pdata[i], HELICOPTER_ERROR_TIMEOUT,
                        "These jobs did not end in time: %s; the daemon stays.", names);
        g_ptr_array_set_size(manager->terminating, 0);
        return 0;
}

void manager_stop_if_terminating(Manager *manager, Job *job) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;

        if (!manager_is_terminating(manager))
                return;
        if (job_has_ended(job)) { /* its unit may be about to start it again */
                unit_stop_ended(job, NULL, NULL);
                return;
        }
        /* A job whose parent is not connected is stopped when that one comes back. */
        if (job_end_stop(job, TERMINATE_GRACE, NULL, &error) < 0)
                log_warning("%s", error.message);
}

static int set_terminate_deadline(Manager *manager) {
        manager->terminate_deadline = sd_event_source_disable_unref(manager->terminate_deadline);
        return sd_event_add_time_relative(manager->event, &manager->terminate_deadline, CLOCK_MONOTONIC,
                TERMINATE_TIMEOUT, 0, on_terminate_deadline, manager);
}

int manager_terminate(Manager *manager, sd_bus_message *call) {
        GHashTableIter iter;
        Job *job;
        int r;

        r = set_terminate_deadline(manager);
        if (r < 0)
                return r;
        g_ptr_array_add(manager->terminating, sd_bus_message_ref(call));
        g_hash_table_iter_init(&iter, manager->jobs);
        while (g_hash_table_iter_next(&iter, NULL, (void **) &job))
                manager_stop_if_terminating(manager, job);
        manager_need_sweep(manager);
        return 0;
}

void manager_each_bus(Manager *manager, ManagerBusFunc func, void *userdata) {
        GHashTableIter iter;
        Peer *peer;

        if (manager->user_bus)
                func(manager->user_bus, userdata);
        g_hash_table_iter_init(&iter, manager->peers);
        while (g_hash_table_iter_next(&iter, (void **) &peer, NULL))
                if (peer_wants_signals(peer))
                        func(peer->bus, userdata);
}
