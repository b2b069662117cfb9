/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/manager.h"

/* Export /org/helicopter1, the jobs below it and an ObjectManager on a connection, for its lifetime. 0 or a negative
 * errno. */
int manager_export(Manager *manager, sd_bus *bus);

/* Tell everybody of a job that came or goes. Both announce the object's interfaces too (ObjectManager). */
void manager_emit_job_new(Manager *manager, Job *job);
void manager_emit_job_removed(Manager *manager, Job *job);
