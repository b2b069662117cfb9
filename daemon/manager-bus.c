/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "daemon/manager-bus.h"

#include <errno.h>

#include "config.h"
#include "daemon/bounds.h"
#include "daemon/job-bus.h"
#include "daemon/job.h"
#include "daemon/start.h"
#include "helicopter/bus-names.h"
#include "helicopter/cleanup.h"
#include "helicopter/error.h"
#include "helicopter/job-name.h"
#include "helicopter/yama.h"

static Job *find_named(Manager *manager, const char *name, sd_bus_error *error) {
        Job *job = NULL;

        if (!job_name_is_valid(name))
                manager_set_bad_name(error, name);
        else if (!(job = manager_find_job(manager, name)))
                sd_bus_error_setf(error, HELICOPTER_ERROR_NO_SUCH_JOB, "There is no job named %s.", name);
        return job;
}

static int method_get_job(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        const char *name;
        Job *job;
        int r;

        r = sd_bus_message_read(message, "s", &name);
        if (r < 0)
                return r;
        job = find_named(userdata, name, error);
        if (!job)
                return sd_bus_error_get_errno(error) * -1;
        return sd_bus_reply_method_return(message, "o", job->object);
}

static int method_get_job_by_pid(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        uint32_t pid;
        Job *job;
        int r;

        r = sd_bus_message_read(message, "u", &pid);
        if (r < 0)
                return r;
        job = pid <= G_MAXINT32 ? manager_find_job_by_pid(userdata, (pid_t) pid) : NULL;
        if (!job)
                return sd_bus_error_setf(
                        error, HELICOPTER_ERROR_NO_SUCH_JOB, "Process %u belongs to no running job.", pid);
        return sd_bus_reply_method_return(message, "o", job->object);
}

static int list_job(sd_bus_message *reply, const Job *job) {
        return sd_bus_message_append(reply, "(ossuus)", job->object, job->name, job->told.state, job->told.pid,
                job->told.tracer_pid, job->told.unit);
}

static int describe_job(sd_bus_message *reply, const Job *job) {
        int r;

        r = sd_bus_message_open_container(reply, 'r', "ossutuas");
        if (r < 0)
                return r;
        r = sd_bus_message_append(reply, "ossutu", job->object, job->name, job->told.state, job->told.pid,
                job->told.start_timestamp, job->told.tracer_pid);
        if (r < 0)
                return r;
        r = sd_bus_message_append_strv(reply, job->told.command_line);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

/* type: of what `append` makes of a job. */
static int reply_with_jobs(sd_bus_message *message, Manager *manager, const char *type,
        int (*append)(sd_bus_message *reply, const Job *job)) {
        g_autoptr(sd_bus_message) reply = NULL;
        GHashTableIter iter;
        Job *job;
        int r;

        r = sd_bus_message_new_method_return(message, &reply);
        if (r < 0)
                return r;
        r = sd_bus_message_open_container(reply, 'a', type);
        if (r < 0)
                return r;
        g_hash_table_iter_init(&iter, manager->jobs);
        while (g_hash_table_iter_next(&iter, NULL, (void **) &job)) {
                r = append(reply, job);
                if (r < 0)
                        return r;
        }
        r = sd_bus_message_close_container(reply);
        if (r < 0)
                return r;
        return sd_bus_message_send(reply);
}

static int method_list_jobs(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        return reply_with_jobs(message, userdata, "(ossuus)", list_job);
}

static int method_describe_jobs(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        return reply_with_jobs(message, userdata, "(ossutuas)", describe_job);
}

static int method_forget_job(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Manager *manager = userdata;
        const char *name;
        Job *job;
        int r;

        r = sd_bus_message_read(message, "s", &name);
        if (r < 0)
                return r;
        job = find_named(manager, name, error);
        if (!job)
                return sd_bus_error_get_errno(error) * -1;
        if (!job_is_over(job))
                return sd_bus_error_setf(error, HELICOPTER_ERROR_JOB_RUNNING, "Job %s has not ended.", name);
        manager_remove_job(manager, job);
        return sd_bus_reply_method_return(message, NULL);
}

static int method_terminate(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Manager *manager = userdata;
        int r;

        if (manager->terminating->len >= PENDING_CALLS_MAX)
                return sd_bus_error_set(
                        error, HELICOPTER_ERROR_LIMIT_REACHED, "The daemon has been told to end often enough.");
        r = manager_terminate(manager, message);
        return r < 0 ? r : 1;
}

static int property_version(sd_bus *bus, const char *path, const char *interface, const char *property,
        sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        return sd_bus_message_append(reply, "s", HELICOPTER_VERSION);
}

static int property_ptrace_scope(sd_bus *bus, const char *path, const char *interface, const char *property,
        sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        return sd_bus_message_append(reply, "i", yama_ptrace_scope());
}

static int property_features(sd_bus *bus, const char *path, const char *interface, const char *property,
        sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        return sd_bus_message_append(reply, "as", 0);
}

/* clang-format off */
static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD_WITH_ARGS("StartJob",
                SD_BUS_ARGS("s", name, "as", argv, "s", cwd, "as", environment, "a{sv}", options),
                SD_BUS_RESULT("o", job), start_job, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("GetJob", SD_BUS_ARGS("s", name), SD_BUS_RESULT("o", job),
                method_get_job, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("GetJobByPID", SD_BUS_ARGS("u", pid), SD_BUS_RESULT("o", job),
                method_get_job_by_pid, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ListJobs", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(ossuus)", jobs),
                method_list_jobs, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("DescribeJobs", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(ossutuas)", jobs),
                method_describe_jobs, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ForgetJob", SD_BUS_ARGS("s", name), SD_BUS_NO_RESULT,
                method_forget_job, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Terminate", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT,
                method_terminate, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_SIGNAL_WITH_ARGS("JobNew", SD_BUS_ARGS("s", name, "o", job), 0),
        SD_BUS_SIGNAL_WITH_ARGS("JobRemoved", SD_BUS_ARGS("s", name, "o", job), 0),
        SD_BUS_PROPERTY("Version", "s", property_version, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("PtraceScope", "i", property_ptrace_scope, 0, 0),
        SD_BUS_PROPERTY("Features", "as", property_features, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_VTABLE_END,
};
/* clang-format on */

int manager_export(Manager *manager, sd_bus *bus) {
        int r;

        r = sd_bus_add_object_vtable(bus, NULL, HELICOPTER_OBJECT, HELICOPTER_MANAGER_INTERFACE, vtable, manager);
        if (r < 0)
                return r;
        r = sd_bus_add_object_manager(bus, NULL, HELICOPTER_OBJECT);
        if (r < 0)
                return r;
        return job_export(manager, bus);
}

static void emit_job_new(sd_bus *bus, void *userdata) {
        const Job *job = userdata;

        sd_bus_emit_object_added(bus, job->object);
        sd_bus_emit_signal(
                bus, HELICOPTER_OBJECT, HELICOPTER_MANAGER_INTERFACE, "JobNew", "so", job->name, job->object);
}

void manager_emit_job_new(Manager *manager, Job *job) {
        manager_each_bus(manager, emit_job_new, job);
}

static void emit_job_removed(sd_bus *bus, void *userdata) {
        const Job *job = userdata;

        sd_bus_emit_signal(
                bus, HELICOPTER_OBJECT, HELICOPTER_MANAGER_INTERFACE, "JobRemoved", "so", job->name, job->object);
        sd_bus_emit_object_removed(bus, job->object);
}

void manager_emit_job_removed(Manager *manager, Job *job) {
        manager_each_bus(manager, emit_job_removed, job);
}
