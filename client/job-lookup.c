/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/job-lookup.h"

#include <string.h>

#include "client/client-error.h"
#include "client/name-match.h"
#include "helicopter/bus-names.h"
#include "helicopter/error.h"

static int read_object(sd_bus_message *reply, char **ret_object) {
        const char *object;
        int r;

        r = sd_bus_message_read(reply, "o", &object);
        if (r < 0)
                return r;
        *ret_object = g_strdup(object);
        return 0;
}

int job_lookup_exact(Connection *connection, const char *name, char **ret_object, sd_bus_error *error) {
        g_autoptr(sd_bus_message) reply = NULL;
        int r;

        r = connection_call(connection, HELICOPTER_OBJECT, HELICOPTER_MANAGER_INTERFACE, "GetJob", CALL_TIMEOUT, &reply,
                error, "s", name);
        return r < 0 ? r : read_object(reply, ret_object);
}

static bool is_chosen(JobChoice choice, const char *state) {
        bool running = strcmp(state, "running") == 0 || strcmp(state, "starting") == 0;

        return choice == JOBS_ALL || running == (choice == JOBS_RUNNING);
}

static int read_names(sd_bus_message *reply, JobChoice choice, GPtrArray *names) {
        const char *object, *name, *state, *unit;
        uint32_t pid, tracer;
        int r;

        r = sd_bus_message_enter_container(reply, 'a', "(ossuus)");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_read(reply, "(ossuus)", &object, &name, &state, &pid, &tracer, &unit)) > 0)
                if (is_chosen(choice, state))
                        g_ptr_array_add(names, g_strdup(name));
        return r;
}

int job_lookup_names(
        Connection *connection, JobChoice choice, uint64_t timeout, char ***ret_names, sd_bus_error *error) {
        g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
        g_autoptr(sd_bus_message) reply = NULL;
        int r;

        r = connection_call(
                connection, HELICOPTER_OBJECT, HELICOPTER_MANAGER_INTERFACE, "ListJobs", timeout, &reply, error, "");
        if (r < 0)
                return r;
        r = read_names(reply, choice, names);
        if (r < 0) {
                sd_bus_error_set_errno(error, r);
                return r;
        }
        g_ptr_array_add(names, NULL);
        *ret_names = (char **) g_ptr_array_steal(names, NULL);
        return 0;
}

static int lookup_only(Connection *connection, char **ret_object, sd_bus_error *error) {
        g_auto(GStrv) names = NULL;
        g_autofree char *list = NULL;
        int r;

        r = job_lookup_names(connection, JOBS_RUNNING, CALL_TIMEOUT, &names, error);
        if (r < 0)
                return r;
        if (!names || !names[0])
                return client_error_set(error, CLIENT_ERROR_NO_JOB, ENOENT, "No job is running");
        if (!names[1])
                return job_lookup_exact(connection, names[0], ret_object, error);
        list = g_strjoinv(", ", names);
        return client_error_set(error, CLIENT_ERROR_AMBIGUOUS, ENOTUNIQ, "Several jobs are running: %s", list);
}

/*
 * What is meant for a worker process must not reach the main one: only that one stands for its job. Returns -ESRCH when no job
 * has such a process.
 */
static int lookup_process(Connection *connection, const char *typed, char **ret_object, sd_bus_error *error) {
        g_auto(sd_bus_error) ignored = SD_BUS_ERROR_NULL;
        g_autofree char *object = NULL, *name = NULL;
        uint32_t pid, main;

        if (!job_lookup_is_pid(typed, &pid) || job_lookup_pid(connection, pid, &object, &ignored) < 0 ||
                sd_bus_get_property_trivial(connection->bus, connection->destination, object, HELICOPTER_JOB_INTERFACE,
                        "PID", &ignored, 'u', &main) < 0)
                return -ESRCH;
        if (main == pid) {
                sd_bus_error_free(error);
                *ret_object = g_steal_pointer(&object);
                return 0;
        }
        name = job_lookup_name(object);
        return client_error_set(error, HELICOPTER_ERROR_NO_SUCH_JOB, ENOENT,
                "There is no job named %s; process %u is a worker of job %s", typed, pid, name);
}

static int no_such_job(const char *typed, char **names, sd_bus_error *error) {
        const char *nearest = name_match_nearest((const char *const *) names, typed);

        if (!nearest)
                return -ENOENT; /* with what the daemon said */
        return client_error_set(error, HELICOPTER_ERROR_NO_SUCH_JOB, ENOENT,
                "There is no job named %s; did you mean %s?", typed, nearest);
}

/* There is no job of that very name. One that runs comes before those that have ended. */
static int lookup_similar(Connection *connection, const char *typed, char **ret_object, sd_bus_error *error) {
        static const JobChoice order[] = { JOBS_RUNNING, JOBS_ALL };
        g_auto(GStrv) names = NULL;
        int r;

        for (size_t i = 0; i < G_N_ELEMENTS(order); i++) {
                g_auto(sd_bus_error) ignored = SD_BUS_ERROR_NULL;
                g_autofree char *several = NULL;
                const char *name;

                g_clear_pointer(&names, g_strfreev);
                r = job_lookup_names(connection, order[i], CALL_TIMEOUT, &names, &ignored);
                if (r < 0)
                        return -ENOENT;
                name = name_match_prefix((const char *const *) names, typed, &several);
                if (several)
                        return client_error_set(error, CLIENT_ERROR_AMBIGUOUS, ENOTUNIQ,
                                "Several jobs have names that begin with %s: %s", typed, several);
                if (name) {
                        sd_bus_error_free(error);
                        return job_lookup_exact(connection, name, ret_object, error);
                }
        }
        r = lookup_process(connection, typed, ret_object, error);
        return r == -ESRCH ? no_such_job(typed, names, error) : r;
}

static int lookup_name(Connection *connection, const char *name, char **ret_object, sd_bus_error *error) {
        int r;

        r = job_lookup_exact(connection, name, ret_object, error);
        if (!sd_bus_error_has_name(error, HELICOPTER_ERROR_NO_SUCH_JOB))
                return r;
        return lookup_similar(connection, name, ret_object, error);
}

int job_lookup(Connection *connection, const char *name, char **ret_object, sd_bus_error *error) {
        return name ? lookup_name(connection, name, ret_object, error) : lookup_only(connection, ret_object, error);
}

static int open_once(const char *name, Connection **ret_connection, char **ret_object, sd_bus_error *error) {
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

int job_lookup_open(const char *name, Connection **ret_connection, char **ret_object, sd_bus_error *error) {
        int r;

        r = open_once(name, ret_connection, ret_object, error);
        if (r >= 0 || !sd_bus_error_has_name(error, CLIENT_ERROR_LOST))
                return r;
        sd_bus_error_free(error);
        return open_once(name, ret_connection, ret_object, error);
}

bool job_lookup_is_pid(const char *typed, uint32_t *ret_pid) {
        guint64 number;

        if (!g_ascii_string_to_unsigned(typed, 10, 1, G_MAXINT32, &number, NULL))
                return false;
        *ret_pid = (uint32_t) number;
        return true;
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
