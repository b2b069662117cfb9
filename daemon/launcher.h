/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * How a job is started: as a transient unit of the user's service manager, or, where none answers, as a child of the
 * daemon. Either way what is started is a helicopter-parent, which registers the job; the launcher's part ends when
 * that one has been executed.
 */

#include <glib.h>

#include "daemon/job.h"
#include "daemon/service-manager.h"
#include "helicopter/job-start.h"

/* Nothing is taken over but references. */
typedef struct LaunchRequest {
        const JobStart *start;
        GBytes *text;             /* the same, packed */
        GPtrArray *settings;      /* what its properties mean; daemon/unit-property.h */
        const char *grant_policy; /* NULL: the usual one */
        bool unit_goes_first; /* a job of that name has just ended whose unit may not have, or may be about to start again */
} LaunchRequest;

/* One job being started. Owned by whoever works on it, until launch_finish(). */
typedef struct Launch {
        Launcher *launcher;
        unsigned method; /* which way is being tried */
        char *job_name;
        uint64_t job_id;
        char **command; /* of the helicopter-parent, with its options and the job's command */
        char *cwd;
        int memory;          /* daemon/start-memory.h */
        GPtrArray *settings; /* of the unit, a reference */
        uint32_t umask;
        bool unit_goes_first;        /* as in the request */
        sd_bus_slot *call;           /* the call to the service manager; launcher-unit.c */
        char *unit_job;              /* the service manager's name for starting the unit; NULL: not known yet */
        sd_event_source *collection; /* the deadline of an old unit that is in the way; launcher-unit.c */
} Launch;

/* A way to start jobs: must call launch_finish() once, at once or later. */
typedef void (*LaunchMethod)(Launch *launch);

struct Launcher {
        Manager *manager; /* not owned */
        ServiceManager *service_manager;
        GHashTable *units;    /* the names of units whose start is under way → Launch, owned by launcher-unit.c */
        sd_bus_slot *removed; /* matches for the service manager's JobRemoved and UnitRemoved */
        sd_bus_slot *unit_removed;
};

Launcher *launcher_new(Manager *manager);
Launcher *launcher_free(Launcher *launcher);

/* Start a job. What goes wrong, now or later, is told by job_fail(). */
void launcher_start(Launcher *launcher, Job *job, const LaunchRequest *request);

/* The job of a launch, or NULL when it is not listed any more. */
Job *launch_job(const Launch *launch);

/*
 * This way has been tried. result: 0, started; -EHOSTUNREACH, there is nobody to do it this way, so the next one is
 * tried; else a negative errno, and reason is a sentence. Frees the launch, or hands it on.
 */
void launch_finish(Launch *launch, int result, const char *reason);

/* The two ways; launcher-unit.c and launcher-child.c. */
void launch_as_unit(Launch *launch);
void launch_as_child(Launch *launch);
