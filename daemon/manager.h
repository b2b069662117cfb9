/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The daemon's state: the jobs that there are, the peers that are connected, and the way to start jobs.
 *
 * A job's truth is with its parent, which registers it; what stands here is what the parents told. No two jobs share a
 * name.
 */

#include <glib.h>
#include <stdbool.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

typedef struct Job Job;
typedef struct Launcher Launcher;
typedef struct Peer Peer;
typedef struct Settle Settle;

typedef struct Manager {
        sd_event *event;
        sd_bus *user_bus; /* NULL where there is none */
        GHashTable *jobs; /* name → Job, owned */
        uint64_t last_job_id;
        GQueue ended;                  /* the Jobs of `jobs` that have ended, oldest first */
        sd_event_source *ended_source; /* new records of ended jobs; daemon/ended.h */
        bool ended_loaded;
        size_t starts_size;       /* of all jobs' `start`, in bytes */
        Settle *settle;           /* daemon/settle.h; not owned; NULL: there is nothing to wait for any more */
        GHashTable *peers;        /* Peer → itself, owned */
        GHashTable *pending;      /* caller → number of its calls that wait; daemon/pending.h */
        sd_event_source *prepare; /* called each time before the event loop waits */
        sd_event_source *sweep;
        sd_event_source *unused_memory;
        Launcher *launcher;     /* owned */
        GPtrArray *terminating; /* the calls of Terminate that wait for the jobs to end, owned */
        sd_event_source *terminate_deadline;
        unsigned units_stopping; /* of jobs that have ended; the service manager has not answered yet */
        bool ends;               /* it is being freed */
} Manager;

/* event: a reference is taken. Never fails. */
Manager *manager_new(sd_event *event);
Manager *manager_free(Manager *manager);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Manager, manager_free)

/* The job of that name, or NULL. */
Job *manager_find_job(Manager *manager, const char *name);

/* The job of that name, if it is still the one of that id and not a later one; else NULL. */
Job *manager_find_same_job(Manager *manager, const char *name, uint64_t id);

/* The running job that a process belongs to, or NULL. */
Job *manager_find_job_by_pid(Manager *manager, pid_t pid);

/*
 * Add a job, in state "starting", and announce it. An ended job of the same name is dropped first. Returns the job,
 * owned by the manager, or NULL and sets *error: BadName, JobExists, LimitReached.
 */
Job *manager_add_job(Manager *manager, const char *name, sd_bus_error *error);

/* As manager_add_job(), but a name in use gets a number behind it. */
Job *manager_add_job_numbered(Manager *manager, const char *name, sd_bus_error *error);

/* Add a job, to be ended from its record at once. An ended job of the same name is dropped. Never fails. */
Job *manager_add_ended_job(Manager *manager, const char *name);

/* Put a job, in state "starting", into the place of one that has ended and is freed, and announce both. Never fails. */
Job *manager_replace_job(Manager *manager, Job *ended);

/* Set *error to BadName, the name escaped for a terminal. Returns the negative errno of it. */
int manager_set_bad_name(sd_bus_error *error, const char *name);

/* Set *error to NoSuchJob, for a job that was listed when it was asked for. Returns the negative errno of it. */
int manager_set_not_listed(sd_bus_error *error, const char *name);

/* Announce that a job is not listed any more, and free it. Its record goes too. */
void manager_remove_job(Manager *manager, Job *job);

/* Have what is due done once the current callback has returned: what is of no use dropped, restarts carried out. */
void manager_need_sweep(Manager *manager);

/* Called by a job that has ended: keeps the list of ended jobs bounded, and lets Terminate go on. */
void manager_job_ended(Manager *manager, Job *job);

/* The service manager is asked to stop an ended job's unit, which might start again otherwise; and has answered. */
void manager_unit_stopping(Manager *manager);
void manager_unit_stopped(Manager *manager);

bool manager_is_terminating(const Manager *manager);

/* While the daemon is about to terminate, a job that becomes known is stopped as those before it were. */
void manager_stop_if_terminating(Manager *manager, Job *job);

/* Stop all jobs; the call is answered, and the event loop ended, when they have ended. Takes a reference of call. */
int manager_terminate(Manager *manager, sd_bus_message *call);

/* Do something on each connection that listens to signals: all but those of parents. A failure on one is no reason not
 * to go on with the next. */
typedef void (*ManagerBusFunc)(sd_bus *bus, void *userdata);
void manager_each_bus(Manager *manager, ManagerBusFunc func, void *userdata);

/* A peer whose connection is of no use any more: dropped once the current callback has returned. */
void manager_drop_peer(Manager *manager, Peer *peer);
