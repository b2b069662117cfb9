/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/target.h"

#include <errno.h>

#include "client/client-error.h"
#include "client/job-lookup.h"
#include "client/report.h"
#include "helicopter/error.h"

void target_options_clear(TargetOptions *options) {
        g_clear_pointer(&options->job, g_free);
}

int target_options_check(const Verb *verb, TargetOptions *options) {
        if (options->pid < 0) {
                options_usage(verb, "--pid takes the number of a process");
                return -EINVAL;
        }
        return options_seconds(verb, "timeout", options->seconds, &options->timeout);
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

/* A worker's pid in a name's place. */
static int find_process(
        Connection *connection, TargetOptions *options, const char *name, char **ret_object, sd_bus_error *error) {
        g_auto(sd_bus_error) ignored = SD_BUS_ERROR_NULL;
        uint32_t pid;

        if (!name || !job_lookup_is_pid(name, &pid) || job_lookup_pid(connection, pid, ret_object, &ignored) < 0)
                return -ENOENT; /* with what was said of the name */
        sd_bus_error_free(error);
        options->pid = (int) pid;
        return 0;
}

static int find(
        Connection *connection, TargetOptions *options, const char *name, char **ret_object, sd_bus_error *error) {
        int r;

        if (!name && options->pid > 0)
                return job_lookup_pid(connection, (uint32_t) options->pid, ret_object, error);
        r = job_lookup(connection, name, ret_object, error);
        if (options->pid > 0 || !sd_bus_error_has_name(error, HELICOPTER_ERROR_NO_SUCH_JOB))
                return r;
        return find_process(connection, options, name, ret_object, error);
}

int target_open(TargetOptions *options, const char *name, Connection **ret_connection, JobWatch **ret_watch,
        sd_bus_error *error) {
        g_autoptr(Connection) connection = NULL;
        g_autofree char *object = NULL;
        int r;

        options->deadline = (uint64_t) g_get_monotonic_time() + options->timeout;
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

void target_report_failure(const JobWatch *watch, sd_bus_error *error, int r) {
        if (watch)
                client_error_name_job(error, watch->info->name);
        report_failure(error, r);
}

pid_t target_pid(const TargetOptions *options, const JobWatch *watch) {
        return options->pid > 0 ? options->pid : (pid_t) watch->info->pid;
}
