/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "parent/properties.h"

#include <stdlib.h>
#include <systemd/sd-login.h>

#include "helicopter/grant-policy.h"
#include "helicopter/process.h"
#include "parent/lease.h"

static const char *state_name(JobState state) {
        switch (state) {
        case JOB_STARTING:
                return "starting";
        case JOB_RUNNING:
                return "running";
        case JOB_EXITED:
                return "exited";
        default:
                return "failed";
        }
}

static int append_unit(sd_bus_message *message) {
        g_autofree char *group = process_control_group(getpid());
        g_autofree char *shown_group = g_utf8_make_valid(group ? group : "", -1);
        g_autofree char *shown_unit = NULL;
        char *unit = NULL;
        int r;

        sd_pid_get_user_unit(0, &unit); /* fails where there is none */
        shown_unit = g_utf8_make_valid(unit ? unit : "", -1);
        r = sd_bus_message_append(message, "{sv}{sv}", "Unit", "s", shown_unit, "ControlGroup", "s", shown_group);
        free(unit);
        return r;
}

static int append_command_line(sd_bus_message *message, char **command) {
        g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);
        int r;

        for (; *command; command++) /* arguments may be any bytes, D-Bus strings only UTF-8 */
                g_ptr_array_add(words, g_utf8_make_valid(*command, -1));
        g_ptr_array_add(words, NULL);

        r = sd_bus_message_open_container(message, 'e', "sv");
        if (r < 0)
                return r;
        r = sd_bus_message_append(message, "s", "CommandLine");
        if (r < 0)
                return r;
        r = sd_bus_message_open_container(message, 'v', "as");
        if (r < 0)
                return r;
        r = sd_bus_message_append_strv(message, (char **) words->pdata);
        if (r < 0)
                return r;
        r = sd_bus_message_close_container(message);
        return r < 0 ? r : sd_bus_message_close_container(message);
}

static int append_tracer(sd_bus_message *message, const Lease *lease) {
        return sd_bus_message_append(message, "{sv}{sv}", "TracerPID", "u", lease ? (uint32_t) lease->tracer : 0,
                "TracerCommand", "s", lease && lease->tracer_command ? lease->tracer_command : "");
}

static int append_end(sd_bus_message *message, const Supervisor *supervisor) {
        return sd_bus_message_append(message, "{sv}{sv}{sv}{sv}", "EndTimestamp", "t", supervisor->end_timestamp,
                "ExitCode", "i", supervisor->exit_code, "ExitSignal", "i", supervisor->exit_signal, "FailureReason",
                "s", supervisor->failure_reason ? supervisor->failure_reason : "");
}

int properties_append(sd_bus_message *message, const Supervisor *supervisor) {
        g_autofree char *directory = g_utf8_make_valid(supervisor->working_directory, -1);
        int r;

        r = sd_bus_message_open_container(message, 'a', "{sv}");
        if (r < 0)
                return r;
        r = sd_bus_message_append(message, "{sv}{sv}{sv}{sv}{sv}", "State", "s", state_name(supervisor->state), "PID",
                "u", (uint32_t) supervisor->child.pid, "WorkingDirectory", "s", directory, "StartTimestamp", "t",
                supervisor->start_timestamp, "PythonVersion", "s",
                supervisor->python_version ? supervisor->python_version : "");
        if (r < 0)
                return r;
        r = append_unit(message);
        if (r < 0)
                return r;
        r = sd_bus_message_append(
                message, "{sv}", "GrantPolicy", "s", grant_policy_to_string(supervisor->options->grant_policy));
        if (r < 0)
                return r;
        r = append_command_line(message, supervisor->options->command);
        if (r < 0)
                return r;
        r = append_tracer(message, supervisor->lease);
        if (r < 0)
                return r;
        r = append_end(message, supervisor);
        return r < 0 ? r : sd_bus_message_close_container(message);
}
