/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "parent/properties.h"

#include <sys/stat.h>
#include <systemd/sd-login.h>

#include "helicopter/bus-container.h"
#include "helicopter/grant-policy.h"
#include "helicopter/printable.h"
#include "helicopter/process.h"
#include "helicopter/user-unit.h"
#include "parent/lease.h"

static const char *state_name(JobState state) {
        switch (state) {
        case JOB_STARTING:
                return JOB_STATE_STARTING;
        case JOB_RUNNING:
                return JOB_STATE_RUNNING;
        case JOB_EXITED:
                return JOB_STATE_EXITED;
        default:
                return JOB_STATE_FAILED;
        }
}

/* Files' names and arguments may be any bytes, D-Bus strings only UTF-8. NULL is fine. */
static void set_string(char **field, const char *value) {
        g_autofree char *shown = valid_utf8(value ? value : "");

        job_properties_set_string(field, shown);
}

static void fill_unit(JobProperties *properties, const JobProperties *before) {
        g_autofree char *group = process_control_group(getpid());
        g_autofree char *unit = NULL;

        set_string(&properties->control_group, group);
        if (before && g_str_equal(before->control_group, properties->control_group)) {
                set_string(&properties->unit, before->unit);
                return;
        }
        if (group)
                unit = user_unit_of_group(group);
        else
                sd_pid_get_user_unit(0, &unit); /* it knows the first version of control groups, too */
        set_string(&properties->unit, unit);
}

static void fill_command_line(JobProperties *properties, char **command) {
        g_autoptr(GPtrArray) words = g_ptr_array_new();

        for (; *command; command++)
                g_ptr_array_add(words, valid_utf8(*command));
        g_ptr_array_add(words, NULL);
        g_strfreev(properties->command_line);
        properties->command_line = (char **) g_ptr_array_steal(words, NULL);
}

/* The job has our stdout. */
static void fill_log_path(JobProperties *properties) {
        g_autofree char *path = g_file_read_link("/proc/self/fd/1", NULL);
        struct stat status;

        if (fstat(STDOUT_FILENO, &status) == 0 && S_ISREG(status.st_mode) && status.st_nlink > 0)
                set_string(&properties->log_path, path);
}

static void fill_tracer(JobProperties *properties, const Lease *lease) {
        if (!lease)
                return;
        properties->tracer_pid = (uint32_t) lease->tracer;
        properties->tracer_since = lease->since;
        set_string(&properties->tracer_command, lease->tracer_command);
}

void properties_fill(const Supervisor *supervisor, const JobProperties *before, JobProperties *ret_properties) {
        job_properties_init(ret_properties);
        set_string(&ret_properties->state, state_name(supervisor->state));
        ret_properties->pid = (uint32_t) supervisor->child.pid;
        fill_unit(ret_properties, before);
        fill_command_line(ret_properties, supervisor->options->command);
        set_string(&ret_properties->working_directory, supervisor->working_directory);
        fill_log_path(ret_properties);
        set_string(&ret_properties->python_version, supervisor->python_version);
        ret_properties->start_timestamp = supervisor->start_timestamp;
        ret_properties->end_timestamp = supervisor->end_timestamp;
        set_string(&ret_properties->grant_policy, grant_policy_to_string(supervisor->options->grant_policy));
        fill_tracer(ret_properties, supervisor->lease);
        ret_properties->exit_code = supervisor->exit_code;
        ret_properties->exit_signal = supervisor->exit_signal;
        set_string(&ret_properties->failure_reason, supervisor->failure_reason);
}

void properties_fill_granted(const Supervisor *supervisor, const JobProperties *before, JobProperties *ret_properties) {
        job_properties_copy(before, ret_properties);
        set_string(&ret_properties->python_version, supervisor->python_version);
        fill_tracer(ret_properties, supervisor->lease);
}

static int append_start(sd_bus_message *message, GBytes *start) {
        gsize size;
        const void *text = g_bytes_get_data(start, &size);
        int r;

        r = bus_entry_open(message, 'e', "Start", "ay");
        if (r >= 0)
                r = sd_bus_message_append_array(message, 'y', text, size);
        return r < 0 ? r : bus_entry_close(message);
}

int properties_append(
        sd_bus_message *message, const Supervisor *supervisor, const JobProperties *now, const JobProperties *before) {
        GBytes *start = supervisor->options->start;
        int r;

        r = sd_bus_message_open_container(message, 'a', "{sv}");
        if (r < 0)
                return r;
        r = job_properties_append(now, before, message);
        if (r < 0)
                return r;
        r = sd_bus_message_append(message, "{sv}", "Restart", "b", supervisor->restarting);
        if (r >= 0 && !before)
                r = sd_bus_message_append(message, "{sv}", "GrantsWithNews", "b", true);
        if (r >= 0 && !before && start)
                r = append_start(message, start);
        return r < 0 ? r : sd_bus_message_close_container(message);
}
