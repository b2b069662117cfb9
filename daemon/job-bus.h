/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/job.h"

/* Export the objects of all jobs on a connection, for its lifetime. 0 or a negative errno. */
int job_export(Manager *manager, sd_bus *bus);

/* Emit PropertiesChanged for the named properties (NULL-terminated), everywhere. */
void job_emit_changed(Job *job, char **properties);
