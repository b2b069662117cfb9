/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/job-info.h"

#include <stddef.h>
#include <string.h>

#include "client/client-error.h"
#include "client/text.h"
#include "helicopter/bus-container.h"
#include "helicopter/bus-names.h"

#define PROPERTIES_INTERFACE "org.freedesktop.DBus.Properties"
#define OBJECT_MANAGER_INTERFACE "org.freedesktop.DBus.ObjectManager"

static const struct Field {
        const char *property;
        const char *type;
        size_t offset;
} fields[] = {
        { "Name", "s", offsetof(JobInfo, name) },
        { "State", "s", offsetof(JobInfo, state) },
        { "PID", "u", offsetof(JobInfo, pid) },
        { "ParentPID", "u", offsetof(JobInfo, parent_pid) },
        { "Unit", "s", offsetof(JobInfo, unit) },
        { "ControlGroup", "s", offsetof(JobInfo, control_group) },
        { "CommandLine", "as", offsetof(JobInfo, command_line) },
        { "WorkingDirectory", "s", offsetof(JobInfo, working_directory) },
        { "LogPath", "s", offsetof(JobInfo, log_path) },
        { "PythonVersion", "s", offsetof(JobInfo, python_version) },
        { "StartTimestamp", "t", offsetof(JobInfo, started) },
        { "EndTimestamp", "t", offsetof(JobInfo, ended) },
        { "TracerPID", "u", offsetof(JobInfo, tracer_pid) },
        { "TracerCommand", "s", offsetof(JobInfo, tracer_command) },
        { "TracerSince", "t", offsetof(JobInfo, tracer_since) },
        { "ExitCode", "i", offsetof(JobInfo, exit_code) },
        { "ExitSignal", "i", offsetof(JobInfo, exit_signal) },
        { "GrantPolicy", "s", offsetof(JobInfo, grant_policy) },
        { "FailureReason", "s", offsetof(JobInfo, failure_reason) },
};

JobInfo *job_info_new(const char *object) {
        JobInfo *info = g_new0(JobInfo, 1);

        info->object = g_strdup(object);
        info->exit_code = -1;
        return info;
}

JobInfo *job_info_free(JobInfo *info) {
        if (!info)
                return NULL;
        g_free(info->object);
        for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
                void **field = G_STRUCT_MEMBER_P(info, fields[i].offset);

                if (strcmp(fields[i].type, "s") == 0)
                        g_free(*field);
                else if (strcmp(fields[i].type, "as") == 0)
                        g_strfreev(*field);
        }
        g_free(info);
        return NULL;
}

static int read_strings(sd_bus_message *message, char ***field) {
        g_autoptr(GPtrArray) strings = g_ptr_array_new_with_free_func(g_free);
        const char *string;
        int r;

        r = sd_bus_message_enter_container(message, 'a', "s");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_read(message, "s", &string)) > 0)
                g_ptr_array_add(strings, g_strdup(string));
        if (r < 0)
                return r;
        g_ptr_array_add(strings, NULL);
        g_strfreev(*field);
        *field = (char **) g_ptr_array_steal(strings, NULL);
        return sd_bus_message_exit_container(message);
}

static int read_string(sd_bus_message *message, char **field) {
        const char *string;
        int r;

        r = sd_bus_message_read(message, "s", &string);
        if (r < 0)
                return r;
        g_free(*field);
        *field = g_strdup(string);
        return 0;
}

static int read_field(JobInfo *info, sd_bus_message *message, const struct Field *field) {
        void *place = G_STRUCT_MEMBER_P(info, field->offset);
        int r;

        r = sd_bus_message_enter_container(message, 'v', field->type);
        if (r < 0)
                return r;
        if (strcmp(field->type, "as") == 0)
                r = read_strings(message, place);
        else if (strcmp(field->type, "s") == 0)
                r = read_string(message, place);
        else
                r = sd_bus_message_read_basic(message, *field->type, place);
        return r < 0 ? r : sd_bus_message_exit_container(message);
}

/* A newer daemon may have properties that are unknown here. */
static int read_property(const char *property, sd_bus_message *message, void *info) {
        for (size_t i = 0; i < G_N_ELEMENTS(fields); i++)
                if (strcmp(fields[i].property, property) == 0)
                        return read_field(info, message, &fields[i]);
        return 0;
}

int job_info_read(JobInfo *info, sd_bus_message *message) {
        return bus_dict_read(message, read_property, info);
}

int job_info_update(JobInfo *info, sd_bus_message *signal) {
        const char *interface;
        int r;

        r = sd_bus_message_read(signal, "s", &interface);
        if (r < 0)
                return r;
        return strcmp(interface, HELICOPTER_JOB_INTERFACE) == 0 ? job_info_read(info, signal) : 0;
}

int job_info_get(Connection *connection, const char *object, JobInfo **ret_info, sd_bus_error *error) {
        g_autoptr(sd_bus_message) reply = NULL;
        g_autoptr(JobInfo) info = job_info_new(object);
        int r;

        r = connection_call(connection, object, PROPERTIES_INTERFACE, "GetAll", CALL_TIMEOUT, &reply, error, "s",
                HELICOPTER_JOB_INTERFACE);
        if (r < 0)
                return r;
        r = job_info_read(info, reply);
        if (r < 0)
                return sd_bus_error_set_errno(error, r);
        *ret_info = g_steal_pointer(&info);
        return 0;
}

typedef struct Object {
        GPtrArray *jobs; /* to which it is added if it is one */
        const char *path;
} Object;

/* One interface of an object: sa{sv}. */
static int read_interface(sd_bus_message *message, void *userdata) {
        const Object *object = userdata;
        g_autoptr(JobInfo) info = NULL;
        const char *interface;
        int r;

        r = sd_bus_message_read(message, "s", &interface);
        if (r < 0)
                return r;
        if (strcmp(interface, HELICOPTER_JOB_INTERFACE) != 0)
                return sd_bus_message_skip(message, "a{sv}");
        info = job_info_new(object->path);
        r = job_info_read(info, message);
        if (r < 0)
                return r;
        g_ptr_array_add(object->jobs, g_steal_pointer(&info));
        return 0;
}

/* One object of many: oa{sa{sv}}. */
static int read_object(sd_bus_message *message, void *jobs) {
        Object object = { .jobs = jobs };
        int r;

        r = sd_bus_message_read(message, "o", &object.path);
        return r < 0 ? r : bus_array_read(message, "{sa{sv}}", read_interface, &object);
}

static void free_job(gpointer job) {
        job_info_free(job);
}

static int compare_start(const void *a, const void *b) {
        const JobInfo *first = *(JobInfo *const *) a, *second = *(JobInfo *const *) b;

        return (first->started > second->started) - (first->started < second->started);
}

int job_info_list(Connection *connection, GPtrArray **ret_jobs, sd_bus_error *error) {
        g_autoptr(GPtrArray) jobs = g_ptr_array_new_with_free_func(free_job);
        g_autoptr(sd_bus_message) reply = NULL;
        int r;

        r = connection_call(connection, HELICOPTER_OBJECT, OBJECT_MANAGER_INTERFACE, "GetManagedObjects", CALL_TIMEOUT,
                &reply, error, "");
        if (r < 0)
                return r;
        r = bus_array_read(reply, "{oa{sa{sv}}}", read_object, jobs);
        if (r < 0)
                return sd_bus_error_set_errno(error, r);
        g_ptr_array_sort(jobs, compare_start);
        *ret_jobs = g_steal_pointer(&jobs);
        return 0;
}

static int read_described(sd_bus_message *reply, void *jobs) {
        const char *object, *name, *state;
        uint32_t pid, tracer_pid;
        uint64_t started;
        JobInfo *info;
        int r;

        r = sd_bus_message_read(reply, "ossutu", &object, &name, &state, &pid, &started, &tracer_pid);
        if (r < 0)
                return r;
        info = job_info_new(object);
        g_ptr_array_add(jobs, info);
        info->name = g_strdup(name);
        info->state = g_strdup(state);
        info->pid = pid;
        info->started = started;
        info->tracer_pid = tracer_pid;
        return read_strings(reply, &info->command_line);
}

int job_info_list_brief(Connection *connection, GPtrArray **ret_jobs, sd_bus_error *error) {
        g_autoptr(GPtrArray) jobs = g_ptr_array_new_with_free_func(free_job);
        g_autoptr(sd_bus_message) reply = NULL;
        int r;

        r = connection_call(connection, HELICOPTER_OBJECT, HELICOPTER_MANAGER_INTERFACE, "DescribeJobs", CALL_TIMEOUT,
                &reply, error, "");
        if (r < 0 && sd_bus_error_has_name(error, SD_BUS_ERROR_UNKNOWN_METHOD)) {
                sd_bus_error_free(error); /* an older daemon */
                return job_info_list(connection, ret_jobs, error);
        }
        if (r < 0)
                return r;
        r = bus_array_read(reply, "(ossutuas)", read_described, jobs);
        if (r < 0)
                return sd_bus_error_set_errno(error, r);
        g_ptr_array_sort(jobs, compare_start);
        *ret_jobs = g_steal_pointer(&jobs);
        return 0;
}

bool job_info_ended(const JobInfo *info) {
        return g_strcmp0(info->state, "exited") == 0 || g_strcmp0(info->state, "failed") == 0;
}

int job_info_exit_status(const JobInfo *info) {
        return info->exit_signal > 0 ? 128 + info->exit_signal : info->exit_code;
}

char *job_info_outcome(const JobInfo *info) {
        const char *name = info->exit_signal > 0 ? sigabbrev_np(info->exit_signal) : NULL;

        if (!job_info_ended(info))
                return g_strdup(info->state ?: "unknown");
        if (name)
                return g_strdup_printf("was ended by SIG%s", name);
        if (info->exit_signal > 0)
                return g_strdup_printf("was ended by signal %d", info->exit_signal);
        if (info->failure_reason && *info->failure_reason)
                return g_strdup_printf("could not be started: %s", info->failure_reason);
        if (info->exit_code < 0)
                return g_strdup("has ended, nobody knows how");
        return g_strdup_printf("has ended with exit code %d", info->exit_code);
}

char *job_info_command(const JobInfo *info) {
        g_autofree char *line = info->command_line ? g_strjoinv(" ", info->command_line) : NULL;

        return text_printable(line ?: "");
}
