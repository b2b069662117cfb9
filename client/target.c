/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/target.h"

#include <errno.h>

#include "client/job-lookup.h"

void target_options_clear(TargetOptions *options) {
        g_clear_pointer(&options->job, g_free);
}

int target_options_check(const Verb *verb, TargetOptions *options) {
        uint64_t timeout;
        int r;

        if (options->pid < 0) {
                options_usage(verb, "--pid takes the number of a process");
                return -EINVAL;
        }
        r = options_seconds(verb, "timeout", options->seconds, &timeout);
        if (r < 0)
                return r;
        options->deadline = (uint64_t) g_get_monotonic_time() + timeout;
        return 0;
}

int target_options_parse(const Verb *verb, TargetOptions *options, int *argc, char ***argv) {
        const GOptionEntry entries[] = { OPTIONS_TARGET(options), { NULL } };
        int r;

        r = options_parse(verb, entries, argc, argv);
        if (r <= 0)
                return r;
        r = target_options_check(verb, options);
        return r < 0 ? r : 1;
}

static int find(Connection *connection, const TargetOptions *options, const char *name, char **ret_object,
        sd_bus_error *error) {
        if (!name && options->pid > 0)
                return job_lookup_pid(connection, (uint32_t) options->pid, ret_object, error);
        return job_lookup(connection, name, ret_object, error);
}

int target_open(const TargetOptions *options, const char *name, Connection **ret_connection, JobWatch **ret_watch,
        sd_bus_error *error) {
        g_autoptr(Connection) connection = NULL;
        g_autofree char *object = NULL;
        int r;

        r = connection_open(&connection, error);
        if (r < 0)
                return r;
        r = find(connection, options, name, &object, error);
        if (r < 0)
                return r;
        r = job_watch_open(connection, object, ret_watch, error);
        if (r < 0)
                return r;
        *ret_connection = g_steal_pointer(&connection);
        return 0;
}

pid_t target_pid(const TargetOptions *options, const JobWatch *watch) {
        return options->pid > 0 ? options->pid : (pid_t) watch->info->pid;
}
