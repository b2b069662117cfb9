/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "parent/parent-bus.h"

#include <errno.h>

#include "helicopter/bus-names.h"
#include "helicopter/error.h"
#include "helicopter/grant-policy.h"
#include "helicopter/printable.h"
#include "helicopter/process.h"
#include "parent/grant.h"
#include "parent/lease.h"
#include "parent/link.h"
#include "parent/look-ahead.h"
#include "parent/process-list.h"
#include "parent/remote-exec.h"
#include "parent/wake.h"
#include "parent/where.h"

static int method_revoke(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Supervisor *supervisor = userdata;

        int r = lease_end(supervisor);

        if (r < 0)
                return sd_bus_error_setf(error, HELICOPTER_ERROR_TIMEOUT,
                        "the permission cannot be taken back now (%s); that is tried again.", g_strerror(-r));
        return sd_bus_reply_method_return(message, NULL);
}

static int method_set_grant_policy(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Supervisor *supervisor = userdata;
        const char *name;
        int r, policy;

        r = sd_bus_message_read(message, "s", &name);
        if (r < 0)
                return r;
        policy = grant_policy_from_string(name);
        if (policy < 0)
                return sd_bus_error_set(
                        error, HELICOPTER_ERROR_BAD_OPTION, "a grant policy is " GRANT_POLICY_NAMES ".");
        supervisor->options->grant_policy = (GrantPolicy) policy;
        link_update(supervisor->link);
        return sd_bus_reply_method_return(message, NULL);
}

/* The daemon may be in a sandbox from which it cannot see this. */
static int method_get_executable(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        g_autofree char *path = NULL, *link = NULL, *executable = NULL;
        uint32_t pid;
        int pidfd, r;

        r = sd_bus_message_read(message, "uh", &pid, &pidfd);
        if (r < 0)
                return r;
        path = g_strdup_printf("/proc/%u/exe", pid);
        link = g_file_read_link(path, NULL);
        /* It was of that process if the process is still there. */
        if (!process_alive(pidfd))
                return sd_bus_error_setf(error, HELICOPTER_ERROR_TARGET_GONE, "process %u has ended.", pid);
        executable = valid_utf8(link ? link : "");
        return sd_bus_reply_method_return(message, "s", executable);
}

/* What a method that ends the job begins with. */
static int read_grace(sd_bus_message *message, const Supervisor *supervisor, uint64_t *ret_grace, sd_bus_error *error) {
        int r = sd_bus_message_read(message, "t", ret_grace);

        return r < 0 ? r : supervisor_check_running(supervisor, error);
}

static int method_restart(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Supervisor *supervisor = userdata;
        uint64_t grace;
        int r;

        r = read_grace(message, supervisor, &grace, error);
        if (r < 0)
                return r;
        if (!supervisor->options->start)
                return sd_bus_error_set(error, HELICOPTER_ERROR_NOT_RESTARTABLE, "it was not started by helicopterd.");
        r = supervisor_restart(supervisor, grace);
        return r < 0 ? r : sd_bus_reply_method_return(message, NULL);
}

static int method_stop(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Supervisor *supervisor = userdata;
        uint64_t grace;
        int r;

        r = read_grace(message, supervisor, &grace, error);
        if (r < 0)
                return r;
        supervisor_cancel_restart(supervisor);
        r = supervisor_stop(supervisor, grace);
        return r < 0 ? r : sd_bus_reply_method_return(message, NULL);
}

static int method_kill(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Supervisor *supervisor = userdata;
        const char *whom;
        int32_t number;
        int r;

        r = sd_bus_message_read(message, "si", &whom, &number);
        if (r < 0)
                return r;
        if (number < 1 || number > SIGRTMAX)
                return sd_bus_error_setf(error, HELICOPTER_ERROR_BAD_SIGNAL, "there is no signal %d.", number);
        r = supervisor_check_running(supervisor, error);
        if (r < 0)
                return r;
        if (g_str_equal(whom, "main"))
                supervisor_signal(supervisor, number);
        else if (g_str_equal(whom, "all"))
                r = supervisor_signal_all(supervisor, number);
        else
                return sd_bus_error_set(error, HELICOPTER_ERROR_BAD_SIGNAL, "a signal goes to 'main' or to 'all'.");
        if (r == -E2BIG)
                return sd_bus_error_set(error, HELICOPTER_ERROR_LIMIT_REACHED,
                        "it has more processes than can be signalled one by one.");
        return r < 0 ? r : sd_bus_reply_method_return(message, NULL);
}

/* clang-format off */
static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD_WITH_ARGS("Grant",
                SD_BUS_ARGS("u", target_pid, "u", tracer_pid, "h", tracer, "a{sv}", options),
                SD_BUS_RESULT("h", lease), grant_method, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("GrantWithNews",
                SD_BUS_ARGS("u", target_pid, "u", tracer_pid, "h", tracer, "a{sv}", options),
                SD_BUS_RESULT("h", lease, "a{sv}", news), grant_with_news_method, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("LookAhead", SD_BUS_ARGS("u", target_pid, "u", caller_pid, "h", caller),
                SD_BUS_NO_RESULT, look_ahead_method, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("RemoteExec",
                SD_BUS_ARGS("u", target_pid, "u", caller_pid, "h", caller, "h", script, "a{sv}", options),
                SD_BUS_NO_RESULT, remote_exec_method, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Wake", SD_BUS_ARGS("u", target_pid, "a{sv}", options),
                SD_BUS_RESULT("a{sv}", result), wake_method, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ListProcesses", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(uusss)", processes),
                process_list_method, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Where", SD_BUS_NO_ARGS, SD_BUS_RESULT("a{sv}", result), where_method,
                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Revoke", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, method_revoke, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("SetGrantPolicy", SD_BUS_ARGS("s", policy), SD_BUS_NO_RESULT,
                method_set_grant_policy, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("GetExecutable", SD_BUS_ARGS("u", pid, "h", process), SD_BUS_RESULT("s", executable),
                method_get_executable, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Stop", SD_BUS_ARGS("t", grace), SD_BUS_NO_RESULT,
                method_stop, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Restart", SD_BUS_ARGS("t", grace), SD_BUS_NO_RESULT,
                method_restart, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Kill", SD_BUS_ARGS("s", whom, "i", signal), SD_BUS_NO_RESULT,
                method_kill, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};
/* clang-format on */

int parent_export(Supervisor *supervisor, sd_bus *bus) {
        return sd_bus_add_object_vtable(
                bus, NULL, HELICOPTER_PARENT_OBJECT, HELICOPTER_PARENT_INTERFACE, vtable, supervisor);
}
