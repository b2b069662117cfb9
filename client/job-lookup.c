/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/job-lookup.h"

#include <string.h>

#include "client/client-error.h"
#include "helicopter/bus-names.h"
#include "helicopter/error.h"

static int on_job_new(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        bool *seen = userdata;

        *seen = true;
        return 0;
}

static int subscribe(Connection *connection, bool *seen, sd_bus_slot **ret_slot) {
        return connection_subscribe(
                connection, HELICOPTER_OBJECT, HELICOPTER_MANAGER_INTERFACE, "JobNew", on_job_new, seen, ret_slot);
}

/* Wait for the next new job. Returns 0 when there was one. */
static int wait_for_job(Connection *connection, bool *seen, uint64_t deadline) {
        int r = 0;

        while (!*seen && r >= 0)
                r = connection_wait(connection, deadline);
        *seen = false;
        return r;
}

void job_lookup_await(Connection *connection) {
        uint64_t end = (uint64_t) g_get_monotonic_time() + LOOKUP_TIMEOUT;
        g_autoptr(sd_bus_slot) slot = NULL;
        bool seen = false;
        int r = 0;

        if (subscribe(connection, &seen, &slot) < 0)
                return;
        while (r >= 0)
                r = wait_for_job(connection, &seen, MIN(end, (uint64_t) g_get_monotonic_time() + LOOKUP_QUIET));
        connection->fresh = false;
}

void job_lookup_settle(Connection *connection) {
        if (connection->fresh)
                job_lookup_await(connection);
}

static int read_object(sd_bus_message *reply, char **ret_object) {
        const char *object;
        int r;

        r = sd_bus_message_read(reply, "o", &object);
        if (r < 0)
                return r;
        *ret_object = g_strdup(object);
        return 0;
}

static int get_job(Connection *connection, const char *name, char **ret_object, sd_bus_error *error) {
        g_autoptr(sd_bus_message) reply = NULL;
        int r;

        sd_bus_error_free(error);
        r = connection_call(connection, HELICOPTER_OBJECT, HELICOPTER_MANAGER_INTERFACE, "GetJob", CALL_TIMEOUT, &reply,
                error, "s", name);
        return r < 0 ? r : read_object(reply, ret_object);
}

static int lookup_name(Connection *connection, const char *name, char **ret_object, sd_bus_error *error) {
        uint64_t patience = connection->fresh ? LOOKUP_TIMEOUT : LOOKUP_QUIET;
        uint64_t deadline = (uint64_t) g_get_monotonic_time() + patience;
        g_autoptr(sd_bus_slot) slot = NULL;
        bool seen = false;
        int r;

        /* Before the question, so that a job that comes right after the answer is not missed. */
        subscribe(connection, &seen, &slot);
        do
                r = get_job(connection, name, ret_object, error);
        while (slot && sd_bus_error_has_name(error, HELICOPTER_ERROR_NO_SUCH_JOB) &&
                wait_for_job(connection, &seen, deadline) >= 0);
        return r;
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

        job_lookup_settle(connection);
        r = get_running(connection, &running, error);
        if (r >= 0 && running.count == 0) {
                running_clear(&running);
                job_lookup_await(connection);
                r = get_running(connection, &running, error);
        }
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

        job_lookup_settle(connection);
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
