/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/job-lookup.h"

#include <string.h>

#include "client/client-error.h"
#include "helicopter/bus-names.h"

static int read_object(sd_bus_message *reply, char **ret_object) {
        const char *object;
        int r;

        r = sd_bus_message_read(reply, "o", &object);
        if (r < 0)
                return r;
        *ret_object = g_strdup(object);
        return 0;
}

static int lookup_name(Connection *connection, const char *name, char **ret_object, sd_bus_error *error) {
        g_autoptr(sd_bus_message) reply = NULL;
        int r;

        r = connection_call(connection, HELICOPTER_OBJECT, HELICOPTER_MANAGER_INTERFACE, "GetJob", CALL_TIMEOUT, &reply,
                error, "s", name);
        return r < 0 ? r : read_object(reply, ret_object);
}

typedef struct Running {
        unsigned count;
        char *object;
        GString *names;
} Running;

static void running_clear(Running *running) {
        g_free(running->object);
        if (running->names)
                g_string_free(running->names, TRUE);
        *running = (Running) { 0 };
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Running, running_clear)

static void running_add(Running *running, const char *object, const char *name) {
        g_string_append_printf(running->names, "%s%s", running->count > 0 ? ", " : "", name);
        if (running->count++ == 0)
                running->object = g_strdup(object);
}

static int read_running(Running *running, sd_bus_message *reply) {
        const char *object, *name, *state, *unit;
        uint32_t pid, tracer;
        int r;

        running->names = g_string_new(NULL);
        r = sd_bus_message_enter_container(reply, 'a', "(ossuus)");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_read(reply, "(ossuus)", &object, &name, &state, &pid, &tracer, &unit)) > 0)
                if (strcmp(state, "running") == 0 || strcmp(state, "starting") == 0)
                        running_add(running, object, name);
        return r;
}

static int get_running(Connection *connection, Running *ret_running, sd_bus_error *error) {
        g_autoptr(sd_bus_message) reply = NULL;
        g_auto(Running) running = { 0 };
        int r;

        r = connection_call(connection, HELICOPTER_OBJECT, HELICOPTER_MANAGER_INTERFACE, "ListJobs", CALL_TIMEOUT,
                &reply, error, "");
        if (r < 0)
                return r;
        r = read_running(&running, reply);
        if (r < 0)
                return sd_bus_error_set_errno(error, r);
        *ret_running = running;
        running = (Running) { 0 };
        return 0;
}

static int lookup_only(Connection *connection, char **ret_object, sd_bus_error *error) {
        g_auto(Running) running = { 0 };
        int r;

        r = get_running(connection, &running, error);
        if (r < 0)
                return r;
        if (running.count == 0)
                return client_error_set(error, CLIENT_ERROR_NO_JOB, ENOENT, "No job is running");
        if (running.count > 1)
                return client_error_set(
                        error, CLIENT_ERROR_AMBIGUOUS, ENOTUNIQ, "Several jobs are running: %s", running.names->str);
        *ret_object = g_steal_pointer(&running.object);
        return 0;
}

int job_lookup(Connection *connection, const char *name, char **ret_object, sd_bus_error *error) {
        return name ? lookup_name(connection, name, ret_object, error) : lookup_only(connection, ret_object, error);
}

int job_lookup_open(const char *name, Connection **ret_connection, char **ret_object, sd_bus_error *error) {
        g_autoptr(Connection) connection = NULL;
        int r;

        r = connection_open(&connection, error);
        if (r < 0)
                return r;
        r = job_lookup(connection, name, ret_object, error);
        if (r < 0)
                return r;
        *ret_connection = g_steal_pointer(&connection);
        return 0;
}

int job_lookup_pid(Connection *connection, uint32_t pid, char **ret_object, sd_bus_error *error) {
        g_autoptr(sd_bus_message) reply = NULL;
        int r;

        r = connection_call(connection, HELICOPTER_OBJECT, HELICOPTER_MANAGER_INTERFACE, "GetJobByPID", CALL_TIMEOUT,
                &reply, error, "u", pid);
        return r < 0 ? r : read_object(reply, ret_object);
}

char *job_lookup_name(const char *object) {
        char *name = NULL, *copy;

        if (sd_bus_path_decode(object, HELICOPTER_JOB_PREFIX, &name) <= 0)
                return g_strdup(object);
        copy = g_strdup(name);
        free(name); /* sd-bus allocates with malloc(3), the caller frees with g_free() */
        return copy;
}
