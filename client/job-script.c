/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/job-script.h"

#include <fcntl.h>
#include <string.h>

#include "helicopter/bus-container.h"
#include "helicopter/bus-names.h"
#include "helicopter/error.h"

/* The daemon's own answer, at its deadline, says more than that there was none. */
#define WAKE_MARGIN (3 * G_USEC_PER_SEC)

uint64_t job_script_time_left(uint64_t deadline) {
        uint64_t now = (uint64_t) g_get_monotonic_time(), least = G_USEC_PER_SEC / 1000;

        return deadline > now + least ? deadline - now : least;
}

void job_script_look_ahead(JobWatch *watch, pid_t target) {
        g_autoptr(sd_bus_message) call = NULL;
        int r;

        r = connection_prepare(watch->connection, watch->info->object, HELICOPTER_JOB_INTERFACE, "LookAhead", &call);
        if (r >= 0)
                r = sd_bus_message_append(call, "u", (uint32_t) target);
        if (r >= 0)
                r = sd_bus_message_set_expect_reply(call, false);
        if (r >= 0)
                sd_bus_message_send(call);
}

int job_script_queue_call(JobWatch *watch, pid_t target, int script, int *ret_guard, sd_bus_message **ret_call) {
        g_autoptr(sd_bus_message) call = NULL;
        autofd far = -1, guard = -1;
        int fds[2], r;

        if (pipe2(fds, O_CLOEXEC) < 0)
                return -errno;
        far = fds[0];
        guard = fds[1];
        r = connection_prepare(watch->connection, watch->info->object, HELICOPTER_JOB_INTERFACE, "RemoteExec", &call);
        if (r < 0)
                return r;
        r = sd_bus_message_append(call, "uha{sv}", (uint32_t) target, script, 1, "guard", "h", far);
        if (r < 0)
                return r;
        *ret_guard = g_steal_fd(&guard);
        *ret_call = g_steal_pointer(&call);
        return 0;
}

int job_script_wake_call(JobWatch *watch, pid_t target, const char *mode, uint64_t deadline, sd_bus_message **ret_call,
        uint64_t *ret_patience) {
        g_autoptr(sd_bus_message) call = NULL;
        uint64_t left = job_script_time_left(deadline);
        int r;

        r = connection_prepare(watch->connection, watch->info->object, HELICOPTER_JOB_INTERFACE, "Wake", &call);
        if (r < 0)
                return r;
        r = sd_bus_message_append(
                call, "ua{sv}", (uint32_t) target, 2, "mode", "s", mode ?: "auto", "timeout", "t", left);
        if (r < 0)
                return r;
        *ret_patience = left + WAKE_MARGIN;
        *ret_call = g_steal_pointer(&call);
        return 0;
}

typedef struct Woken {
        uint32_t thread;
        int main;
        const char *reason;
} Woken;

static int read_field(const char *key, sd_bus_message *reply, void *userdata) {
        Woken *woken = userdata;

        if (strcmp(key, "thread") == 0)
                return sd_bus_message_read(reply, "v", "u", &woken->thread);
        if (strcmp(key, "main") == 0)
                return sd_bus_message_read(reply, "v", "b", &woken->main);
        if (strcmp(key, "reason") == 0)
                return sd_bus_message_read(reply, "v", "s", &woken->reason);
        return 0;
}

int job_script_read_woken(sd_bus_message *reply, uint32_t *ret_thread, char **ret_reason) {
        Woken woken = { .main = true, .reason = "" };
        int r = bus_dict_read(reply, read_field, &woken);

        if (r < 0)
                return r;
        *ret_thread = woken.main ? 0 : woken.thread;
        *ret_reason = g_strdup(woken.reason);
        return 0;
}

static int queue(JobWatch *watch, pid_t target, int script, int *ret_guard, sd_bus_error *error) {
        g_autoptr(sd_bus_message) call = NULL;
        autofd guard = -1;
        int r;

        r = job_script_queue_call(watch, target, script, &guard, &call);
        if (r < 0)
                return sd_bus_error_set_errno(error, r);
        r = connection_send(watch->connection, call, CALL_TIMEOUT, NULL, error);
        if (r < 0)
                return r;
        *ret_guard = g_steal_fd(&guard);
        return 0;
}

static int wake(JobWatch *watch, pid_t target, const char *mode, uint64_t deadline, uint32_t *ret_thread,
        char **ret_reason, sd_bus_error *error) {
        g_autoptr(sd_bus_message) call = NULL, reply = NULL;
        uint64_t patience;
        int r;

        r = job_script_wake_call(watch, target, mode, deadline, &call, &patience);
        if (r < 0)
                return sd_bus_error_set_errno(error, r);
        r = connection_send(watch->connection, call, patience, &reply, error);
        if (r < 0)
                return r;
        r = job_script_read_woken(reply, ret_thread, ret_reason);
        return r < 0 ? sd_bus_error_set_errno(error, r) : 0;
}

int job_script_run(JobWatch *watch, pid_t target, int script, const char *mode, uint64_t deadline, int *ret_guard,
        uint32_t *ret_thread, char **ret_reason, sd_bus_error *error) {
        autofd guard = -1;
        int r;

        r = queue(watch, target, script, &guard, error);
        if (r < 0)
                return r;
        r = wake(watch, target, mode, deadline, ret_thread, ret_reason, error);
        if (r < 0)
                return r;
        *ret_guard = g_steal_fd(&guard);
        return 0;
}
