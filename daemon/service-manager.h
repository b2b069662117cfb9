/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The user's service manager, org.freedesktop.systemd1(5): reached over the user bus, or, where there is none (a login
 * without dbus-user-session), over its own private socket, as systemctl(1) does it.
 */

#include <stdbool.h>
#include <systemd/sd-bus.h>

#include "daemon/job.h"

#define SYSTEMD_OBJECT "/org/freedesktop/systemd1"
#define SYSTEMD_MANAGER_INTERFACE "org.freedesktop.systemd1.Manager"

/* What its answers may take. */
#define SERVICE_MANAGER_TIMEOUT (30 * G_USEC_PER_SEC)

typedef struct ServiceManager ServiceManager;

ServiceManager *service_manager_new(Manager *manager);
ServiceManager *service_manager_free(ServiceManager *service_manager);

/* The connection to it, not owned; NULL where there is none. */
sd_bus *service_manager_bus(ServiceManager *service_manager);

/* A call of one of its methods, to be filled in. 0 or a negative errno. */
int service_manager_call_new(
        sd_bus *bus, const char *object, const char *interface, const char *method, sd_bus_message **ret_message);

/* Be told of a signal of the manager object. 0 or a negative errno. */
int service_manager_match(
        sd_bus *bus, const char *signal, sd_bus_message_handler_t handler, void *userdata, sd_bus_slot **ret_slot);

/* Whether an error means that nobody is there. */
bool service_manager_is_absent(const sd_bus_error *error);

/* Whether a unit is the job's instance of helicopter-job@.service, whose file says what it is started with. */
bool unit_is_of_file(const char *unit, const char *job_name);

/* Whether a unit is one that helicopter has made for the job: what else a parent may run in is not to be stopped. */
bool unit_is_of_job(const char *unit, const char *job_name);

/*
 * Have the unit of a job that has ended stopped: it may be about to be started again (Restart=). call: answered with
 * success, or TargetGone when there is no such unit; NULL for nobody. Returns 0, or a negative errno and *error set:
 * TargetGone, when the job has no unit.
 */
int unit_stop_ended(Job *job, sd_bus_message *call, sd_bus_error *error);
