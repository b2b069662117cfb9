/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/job-wait.h"

#include <string.h>

#include "client/client-error.h"
#include "client/job-lookup.h"
#include "helicopter/bus-names.h"
#include "helicopter/exit-code.h"

#define PROPERTIES_INTERFACE "org.freedesktop.DBus.Properties"

static int on_properties_changed(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        JobWatch *watch = userdata;

        job_info_update(watch->info, message);
        if (watch->changed)
                watch->changed(watch, watch->userdata);
        return 0;
}

/* A daemon that goes leaves the connection to a message bus as it is. */
static int on_owner_changed(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        JobWatch *watch = userdata;
        const char *name, *old, *new;

        if (sd_bus_message_read(message, "sss", &name, &old, &new) >= 0 && *old)
                watch->lost = true;
        return 0;
}

static int follow(JobWatch *watch, const char *object) {
        Connection *connection = watch->connection;
        int r;

        r = connection_subscribe(connection, object, PROPERTIES_INTERFACE, "PropertiesChanged", on_properties_changed,
                watch, &watch->changes);
        if (r < 0 || !connection->destination)
                return r;
        return sd_bus_add_match(connection->bus, &watch->owner,
                "type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',arg0='" HELICOPTER_BUS_NAME "'",
                on_owner_changed, watch);
}

int job_watch_open(Connection *connection, const char *object, JobWatch **ret_watch, sd_bus_error *error) {
        g_autoptr(JobWatch) watch = g_new0(JobWatch, 1);
        int r;

        watch->connection = connection;
        /* Signals are handled when that is asked for only, so none of them finds info missing, or older than itself. */
        r = follow(watch, object);
        if (r < 0)
                return client_error_translate(error, sd_bus_error_set_errno(error, r));
        r = job_info_get(connection, object, &watch->info, error);
        if (r < 0)
                return r;
        *ret_watch = g_steal_pointer(&watch);
        return 0;
}

void job_watch_notify(JobWatch *watch, JobWatchChanged changed, void *userdata) {
        watch->changed = changed;
        watch->userdata = userdata;
}

JobWatch *job_watch_free(JobWatch *watch) {
        if (!watch)
                return NULL;
        sd_bus_slot_unref(watch->changes);
        sd_bus_slot_unref(watch->owner);
        job_info_free(watch->info);
        g_free(watch);
        return NULL;
}

int job_watch_end(JobWatch *watch, uint64_t deadline) {
        while (!job_info_ended(watch->info)) {
                int r = watch->lost ? -ECONNRESET : connection_wait(watch->connection, deadline);

                if (r < 0 && !job_info_ended(watch->info))
                        return r;
        }
        return 0;
}

/* Watch over one connection. Returns 0 and sets *ret_info when the job has ended, -ECONNRESET when the connection has.
 */
static int wait_once(Connection *connection, const char *object, JobInfo **ret_info, sd_bus_error *error) {
        g_autoptr(JobWatch) watch = NULL;
        int r;

        r = job_watch_open(connection, object, &watch, error);
        if (r < 0)
                return r;
        r = job_watch_end(watch, UINT64_MAX);
        if (r < 0)
                return client_error_set(error, CLIENT_ERROR_LOST, ECONNRESET, "The connection to the daemon was lost");
        *ret_info = g_steal_pointer(&watch->info);
        return 0;
}

static int reconnect(const char *name, Connection **ret_connection, char **ret_object, sd_bus_error *error) {
        g_autoptr(Connection) connection = NULL;
        int r;

        sd_bus_error_free(error);
        r = connection_open(&connection, error);
        if (r < 0)
                return r;
        r = job_lookup_exact(connection, name, ret_object, error);
        if (r < 0)
                return r;
        *ret_connection = g_steal_pointer(&connection);
        return 0;
}

int job_wait_end(Connection *connection, const char *object, JobInfo **ret_info, sd_bus_error *error) {
        g_autofree char *name = job_lookup_name(object);
        int r;

        r = wait_once(connection, object, ret_info, error);
        while (r < 0 && sd_bus_error_has_name(error, CLIENT_ERROR_LOST)) {
                g_autoptr(Connection) next = NULL;
                g_autofree char *next_object = NULL;

                r = reconnect(name, &next, &next_object, error);
                if (r >= 0)
                        r = wait_once(next, next_object, ret_info, error);
        }
        return r;
}

int job_wait_exit_code(const JobInfo *info) {
        int status = job_info_exit_status(info);

        return status < 0 ? EXIT_OWN_FAILURE : status;
}
