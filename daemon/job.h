/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One job, as its parent tells of it. Its properties change in one place, job_set() in job.c, which emits the change and
 * lets the calls that wait for it go on.
 */

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#include "daemon/manager.h"
#include "helicopter/job-properties.h"

typedef struct Wait Wait;

struct Job {
        uint64_t id;              /* no other job has it, also none of the same name */
        Manager *manager;         /* not owned; outlives the job */
        Peer *peer;               /* its parent's connection; NULL while there is none */
        bool never_ran;           /* StartJob failed: not to be listed */
        const char *launch_error; /* the D-Bus error that StartJob failed with, static; NULL: by the exit code */
        bool waits_for_unit;      /* one of an earlier job is in the way: what registers now is not this one */
        bool stopping;            /* was told to stop, and its unit shall not be started again */
        bool restart; /* its successor is to be started when it has ended; this and the next are daemon/restart.h's */
        bool tells_restart; /* its parent is not too old for that */
        bool start_lost;    /* there was no room for what it was started with */
        GBytes *start;      /* what it was started with; NULL: not known */
        Wait *waits;        /* calls to be answered when the state allows it; daemon/wait.h */
        int parent_pidfd;   /* to notice a parent that ends without a word */
        sd_event_source *parent_source;
        int64_t tracer_since; /* g_get_monotonic_time(); this and what follows is for the audit */
        uint32_t tracer_known;
        uint32_t traced_pid;     /* by tracer_known; 0: not known */
        char *tracer_executable; /* of tracer_known; NULL: not known */

        char *name;
        char *object;
        uint32_t parent_pid;
        JobProperties told;
};

/* A job in state "starting". Never fails. name: a valid one. */
Job *job_new(Manager *manager, const char *name, uint64_t id);
Job *job_free(Job *job);

bool job_is_running(const Job *job);
bool job_has_ended(const Job *job);

/* It has ended, and no successor is about to take its place: its name is free. */
bool job_is_over(const Job *job);

/* It is being started, and has no parent yet. */
bool job_is_launched(const Job *job);

/*
 * Take over properties from a message that stands at an a{sv}, and tell everybody what has changed. Errors are those of
 * job_properties_read(); then nothing has changed. A job that has ended does not change any more, which is no error.
 */
int job_update(Job *job, sd_bus_message *message);

/* The job has failed without its parent being able to say so. reason: a sentence. */
void job_fail(Job *job, const char *reason);

/* It is launched, with its output going to a file. */
void job_set_log_path(Job *job, const char *path);

/* Take over all that its parent, or the record of its end, tells. Does nothing when it has ended already. */
void job_tell(Job *job, const JobProperties *properties);

/*
 * The parent has connected: pid from the kernel's credentials, pidfd is taken over (also on failure). 0 or a negative
 * errno.
 */
int job_set_parent(Job *job, Peer *peer, pid_t pid, int pidfd);

/* Notice a parent that has ended, if it has, before its pidfd is looked at. */
void job_check_parent(Job *job);

/* The parent's connection has gone; the parent itself may live and come back. */
void job_parent_lost(Job *job);
