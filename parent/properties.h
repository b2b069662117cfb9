/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

#include "helicopter/job-properties.h"
#include "parent/supervisor.h"

/*
 * All that a parent tells of its job. before: what was told earlier, which spares looking for what follows from the same; or NULL.
 * *ret_properties is not initialised before, and the caller's to clear.
 */
void properties_fill(const Supervisor *supervisor, const JobProperties *before, JobProperties *ret_properties);

/* The same when a lease has just been given, which changes nothing else than what it is, and the version of Python that is known. */
void properties_fill_granted(const Supervisor *supervisor, const JobProperties *before, JobProperties *ret_properties);

/*
 * Append what a parent tells of its job, as the a{sv} of org.helicopter1.Registry: what differs from before; with NULL all, also what
 * never changes and the daemon alone needs to know. 0 or a negative errno.
 */
int properties_append(
        sd_bus_message *message, const Supervisor *supervisor, const JobProperties *now, const JobProperties *before);
