/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One job and everything that its parent knows of it. What holds: the job runs whatever becomes of the daemon; its exit
 * status is kept until it can be passed on; at most one lease exists.
 */

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "parent/child.h"
#include "parent/options.h"

typedef struct Lease Lease;
typedef struct Link Link;
typedef struct LookAhead LookAhead;
typedef struct Permission Permission;
typedef struct Where Where;

typedef enum JobState {
        JOB_STARTING,
        JOB_RUNNING,
        JOB_EXITED,
        JOB_FAILED,
} JobState;

typedef struct Supervisor {
        sd_event *event;
        Options *options; /* not owned */
        Child child;
        Link *link;
        Lease *lease;           /* NULL: nobody traces */
        GQueue grants;          /* under way; parent/grant.h */
        Permission *permission; /* being changed by a script; NULL: none is */
        GQueue scripts;         /* queued in the job; parent/script.h */
        GQueue wakers;          /* that see to them; parent/waker.h */
        LookAhead *ahead;       /* what a waker will want to know; parent/look-ahead.h */
        Where *where;           /* what was told last; parent/where.h */
        pid_t taken_target;     /* the last process that took a script, and its thread, while nobody waited for that */
        pid_t taken_thread;
        GHashTable *helpers; /* pids of the parent's own children */
        int lock;            /* that tells a daemon of us; helicopter/parent-lock.h */
        sd_event_source *exec_source;
        sd_event_source *kill_timer; /* SIGKILL after the grace period of a stop */
        sd_event_source
                *remains_timer;      /* what is left of a job that was stopped is waited for, before its end is told */
        sd_event_source *exit_timer; /* for telling the daemon of the end */

        JobState state;
        bool was_stopped;  /* the grace period of a stop was running when it ended */
        bool concluded;    /* its end was recorded, and is told */
        bool asked_to_end; /* a signal that asks to end went through the parent's hands */
        bool restarting;   /* the daemon, this one or the next, is to start the job again when it has ended */
        int exit_code;     /* -1: none */
        int exit_signal;   /* 0: none */
        char *failure_reason;
        char *python_version;
        char *working_directory;
        uint64_t release_timestamp; /* when it was told to execute its command: nothing that it wrote is older */
        uint64_t start_timestamp;   /* the same, once it has; 0 before */
        uint64_t end_timestamp;
} Supervisor;

/* Set up and fork the job, held. mask: the signal mask that the job is to have. 0 or a negative errno. */
int supervisor_start(Supervisor *supervisor, sd_event *event, Options *options, const sigset_t *mask);
void supervisor_clear(Supervisor *supervisor);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Supervisor, supervisor_clear)

bool supervisor_job_has_ended(const Supervisor *supervisor);

/* Returns 0, or a negative errno and sets *error (TargetGone) when the job has ended. */
int supervisor_check_running(const Supervisor *supervisor, sd_bus_error *error);

/*
 * The daemon knows the job, or cannot be reached now: the command may be executed, if it was not yet; an end that it has come to already
 * may be told.
 */
void supervisor_release(Supervisor *supervisor);

/* The name is another job's: the command is not executed, and the parent ends with 125. */
void supervisor_refuse(Supervisor *supervisor, const char *reason);

/* The daemon has been told of the end, if there was one: nothing is left to do. */
void supervisor_told_end(Supervisor *supervisor);

/* The daemon cannot be told now. That is nothing to wait for, unless it is to start the job again. */
void supervisor_not_told(Supervisor *supervisor);

/* Whether a signal asks a process to end. */
bool supervisor_asks_to_end(int signal);

/* The job has been sent a signal. */
void supervisor_note_signal(Supervisor *supervisor, int signal);

/* Take the lock that lets a daemon that comes know of us, or take it anew where its file has been removed. */
void supervisor_lock(Supervisor *supervisor);

/* Send a signal to the job's main process. */
void supervisor_signal(Supervisor *supervisor, int signal);

/* Send a signal to all descendants. 0 or a negative errno. */
int supervisor_signal_all(Supervisor *supervisor, int signal);

/* SIGTERM, and SIGKILL to all descendants after `grace` microseconds. 0 or a negative errno. */
int supervisor_stop(Supervisor *supervisor, uint64_t grace);

/* The same, for the job to be started again by the daemon, which is told. */
int supervisor_restart(Supervisor *supervisor, uint64_t grace);

/* Somebody else wants it to end: it is not started again. */
void supervisor_cancel_restart(Supervisor *supervisor);

/* A child of the parent's own, which is none of the job's processes, until it is waited for. */
void supervisor_add_helper(Supervisor *supervisor, pid_t pid);
bool supervisor_is_helper(const Supervisor *supervisor, pid_t pid);

/* Wait for children that have ended. */
void supervisor_reap(Supervisor *supervisor);
