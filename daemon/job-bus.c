/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "daemon/job-bus.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "daemon/bounds.h"
#include "daemon/job-end.h"
#include "daemon/order.h"
#include "daemon/peer.h"
#include "daemon/restart.h"
#include "daemon/service-manager.h"
#include "daemon/trace.h"
#include "helicopter/bus-names.h"
#include "helicopter/cleanup.h"
#include "helicopter/error.h"

static int find_job(
        sd_bus *bus, const char *path, const char *interface, void *userdata, void **ret_found, sd_bus_error *error) {
        char *decoded = NULL;
        int r;

        r = sd_bus_path_decode(path, HELICOPTER_JOB_PREFIX, &decoded);
        if (r <= 0)
                return r;
        *ret_found = manager_find_job(userdata, decoded);
        free(decoded);
        return *ret_found ? 1 : 0;
}

static int list_objects(sd_bus *bus, const char *path, void *userdata, char ***ret_nodes, sd_bus_error *error) {
        Manager *manager = userdata;
        guint count = g_hash_table_size(manager->jobs);
        char **nodes = calloc(count + 1, sizeof *nodes); /* sd-bus frees it with free() */
        GHashTableIter iter;
        Job *job;

        if (!nodes)
                return -ENOMEM;
        g_hash_table_iter_init(&iter, manager->jobs);
        for (guint i = 0; g_hash_table_iter_next(&iter, NULL, (void **) &job); i++)
                nodes[i] = strdup(job->object);
        *ret_nodes = nodes;
        return 0;
}

static int method_stop(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Job *job = userdata;
        uint64_t grace = 0;
        int r;

        r = job_end_read_grace(job, message, "Stop", &grace, error);
        if (r < 0)
                return r;
        /* Between its end and its next start the job is its unit's alone. */
        r = job_has_ended(job) ? unit_stop_ended(job, message, error) : job_end_stop(job, grace, message, error);
        return r < 0 ? r : 1;
}

/* An order with the same name and arguments, answered as the parent answers it. timeout: as in OrderHooks. */
static int pass_on(sd_bus_message *message, Job *job, const char *method, uint64_t timeout, sd_bus_error *error) {
        const OrderHooks hooks = { .reply = order_pass_answer, .timeout = timeout };
        g_autoptr(sd_bus_message) order = NULL;
        int r;

        r = order_new(job, method, &order, error);
        if (r < 0)
                return r;
        r = sd_bus_message_copy(order, message, true);
        if (r < 0)
                return r;
        r = order_send(job, order, message, &hooks, error);
        return r < 0 ? r : 1;
}

static int method_list_processes(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        return pass_on(message, userdata, "ListProcesses", 0, error);
}

static int method_kill(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        return pass_on(message, userdata, "Kill", 0, error);
}

static int method_revoke(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        return pass_on(message, userdata, "Revoke", 0, error);
}

static int method_where(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Job *job = userdata;

        if (job->peer && job->peer->silent)
                return sd_bus_error_setf(error, HELICOPTER_ERROR_PARENT_LOST,
                        "Job %s: its helicopter-parent (pid %u) does not answer.", job->name, job->parent_pid);
        return pass_on(message, job, "Where", WHERE_TIMEOUT, error);
}

/* clang-format off */
static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD_WITH_ARGS("Grant", SD_BUS_ARGS("u", target_pid, "a{sv}", options), SD_BUS_RESULT("h", lease),
                grant_method, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("LookAhead", SD_BUS_ARGS("u", target_pid), SD_BUS_NO_RESULT,
                look_ahead_method, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("RemoteExec", SD_BUS_ARGS("u", target_pid, "h", script, "a{sv}", options),
                SD_BUS_NO_RESULT, remote_exec_method, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Wake", SD_BUS_ARGS("u", target_pid, "a{sv}", options),
                SD_BUS_RESULT("a{sv}", result), wake_method, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ListProcesses", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(uusss)", processes),
                method_list_processes, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Where", SD_BUS_NO_ARGS, SD_BUS_RESULT("a{sv}", result),
                method_where, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("SetGrantPolicy", SD_BUS_ARGS("s", policy), SD_BUS_NO_RESULT,
                set_grant_policy_method, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Revoke", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, method_revoke, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Stop", SD_BUS_ARGS("a{sv}", options), SD_BUS_NO_RESULT,
                method_stop, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Restart", SD_BUS_ARGS("a{sv}", options), SD_BUS_NO_RESULT, restart_method,
                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Kill", SD_BUS_ARGS("s", whom, "i", signal), SD_BUS_NO_RESULT,
                method_kill, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_PROPERTY("Name", "s", NULL, offsetof(Job, name), SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("State", "s", NULL, offsetof(Job, told.state), SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("PID", "u", NULL, offsetof(Job, told.pid), SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("ParentPID", "u", NULL, offsetof(Job, parent_pid), SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Unit", "s", NULL, offsetof(Job, told.unit), SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("ControlGroup", "s", NULL, offsetof(Job, told.control_group),
                SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("CommandLine", "as", NULL, offsetof(Job, told.command_line),
                SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("WorkingDirectory", "s", NULL, offsetof(Job, told.working_directory),
                SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("LogPath", "s", NULL, offsetof(Job, told.log_path), SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("PythonVersion", "s", NULL, offsetof(Job, told.python_version),
                SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("StartTimestamp", "t", NULL, offsetof(Job, told.start_timestamp),
                SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("EndTimestamp", "t", NULL, offsetof(Job, told.end_timestamp),
                SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("TracerPID", "u", NULL, offsetof(Job, told.tracer_pid), SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("TracerCommand", "s", NULL, offsetof(Job, told.tracer_command),
                SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("TracerSince", "t", NULL, offsetof(Job, told.tracer_since),
                SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("ExitCode", "i", NULL, offsetof(Job, told.exit_code), SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("ExitSignal", "i", NULL, offsetof(Job, told.exit_signal),
                SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("GrantPolicy", "s", NULL, offsetof(Job, told.grant_policy),
                SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("FailureReason", "s", NULL, offsetof(Job, told.failure_reason),
                SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_VTABLE_END,
};
/* clang-format on */

int job_export(Manager *manager, sd_bus *bus) {
        int r;

        r = sd_bus_add_fallback_vtable(
                bus, NULL, HELICOPTER_JOB_PREFIX, HELICOPTER_JOB_INTERFACE, vtable, find_job, manager);
        if (r < 0)
                return r;
        return sd_bus_add_node_enumerator(bus, NULL, HELICOPTER_JOB_PREFIX, list_objects, manager);
}

typedef struct Change {
        const Job *job;
        char **properties;
} Change;

static void emit_changed(sd_bus *bus, void *userdata) {
        const Change *change = userdata;

        sd_bus_emit_properties_changed_strv(bus, change->job->object, HELICOPTER_JOB_INTERFACE, change->properties);
}

void job_emit_changed(Job *job, char **properties) {
        Change change = { .job = job, .properties = properties };

        manager_each_bus(job->manager, emit_changed, &change);
}
