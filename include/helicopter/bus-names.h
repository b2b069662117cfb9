/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The names of the bus API; the XML files beside this one say what is behind each. */

#define HELICOPTER_BUS_NAME "org.helicopter1"
#define HELICOPTER_OBJECT "/org/helicopter1"
#define HELICOPTER_JOB_PREFIX "/org/helicopter1/job"
#define HELICOPTER_PARENT_OBJECT "/org/helicopter1/parent"

#define HELICOPTER_MANAGER_INTERFACE "org.helicopter1.Manager"
#define HELICOPTER_JOB_INTERFACE "org.helicopter1.Job"
#define HELICOPTER_REGISTRY_INTERFACE "org.helicopter1.Registry"
#define HELICOPTER_PARENT_INTERFACE "org.helicopter1.Parent"
