/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The permission to trace a process of a job, for as long as a descriptor is open: Job.Grant. */

#include <stdbool.h>
#include <stdint.h>

#include "client/job-wait.h"

typedef struct LeaseRequest {
        uint32_t target;   /* 0: the job's main process */
        bool force;        /* take it over from another tracer */
        bool python;       /* the target must be a Python that lets a debugger in */
        bool reserve;      /* permit nothing, only keep others away */
        const char *via;   /* how the permission is made, or NULL for the default */
        uint64_t deadline; /* CLOCK_MONOTONIC, microseconds */
} LeaseRequest;

/* Ask for it. Returns the lease (closing it ends the permission), or a negative errno with *error set. */
int lease_take(JobWatch *watch, const LeaseRequest *request, sd_bus_error *error);
