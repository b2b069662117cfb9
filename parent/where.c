/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "parent/where.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "helicopter/cleanup.h"
#include "helicopter/process-usage.h"
#include "helicopter/process.h"
#include "helicopter/python-position.h"
#include "parent/process-list.h"

/* Whoever asks once a second gets a new answer each time; whoever asks without a pause costs as much as two who do so. */
#define FRESH (G_USEC_PER_SEC / 2)

struct Where {
        int64_t time; /* g_get_monotonic_time() */
        PythonPosition position;
        bool has_position, has_usage, has_workers;
        ProcessUsage usage;
        uint32_t workers;
};

Where *where_free(Where *where) {
        if (!where)
                return NULL;
        python_position_clear(&where->position);
        g_free(where);
        return NULL;
}

/*
 * Whether all that runs in this process's control group is the job's: then this is the process that the service manager has
 * started the unit with (systemd.exec(5)), and not one in a terminal's.
 */
static bool has_own_group(void) {
        const char *pid = g_getenv("SYSTEMD_EXEC_PID");

        return pid && g_ascii_strtoll(pid, NULL, 10) == getpid();
}

static int use_of_group(ProcessUsage *ret_usage) {
        g_autofree char *group = has_own_group() ? process_control_group(getpid()) : NULL;

        return group ? process_usage_of_group(group, ret_usage) : -ENOENT;
}

static void look_at_processes(Where *where, const Supervisor *supervisor) {
        g_autofree pid_t *pids = NULL;
        int count = process_descendants(getpid(), PROCESSES_MAX, &pids);
        bool in_group = use_of_group(&where->usage) == 0;

        where->has_usage = in_group || count >= 0;
        where->has_workers = count >= 0;
        for (int i = 0; i < count; i++) {
                if (supervisor_is_helper(supervisor, pids[i]))
                        continue;
                where->workers += pids[i] != supervisor->child.pid;
                if (!in_group)
                        process_usage_add(pids[i], &where->usage);
        }
}

static Where *look(const Supervisor *supervisor) {
        Where *where = g_new0(Where, 1);

        where->time = g_get_monotonic_time();
        /* Before its exec it is still a copy of ours; and nobody at all may look into a job of that policy. */
        if (supervisor->state == JOB_RUNNING && supervisor->options->grant_policy != GRANT_POLICY_NONE)
                where->has_position = python_position_find(supervisor->child.pid, &where->position) == 0;
        look_at_processes(where, supervisor);
        return where;
}

static int append(sd_bus_message *reply, const Where *where) {
        int r;

        r = sd_bus_message_open_container(reply, 'a', "{sv}");
        if (r >= 0 && where->has_position)
                r = sd_bus_message_append(reply, "{sv}{sv}{sv}", "file", "s", where->position.file, "line", "u",
                        (uint32_t) where->position.line, "function", "s", where->position.function);
        if (r >= 0 && where->has_usage)
                r = sd_bus_message_append(
                        reply, "{sv}{sv}", "memory", "t", where->usage.memory, "cpu", "t", where->usage.cpu);
        if (r >= 0 && where->has_workers)
                r = sd_bus_message_append(reply, "{sv}", "workers", "u", where->workers);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

int where_method(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Supervisor *supervisor = userdata;
        g_autoptr(sd_bus_message) reply = NULL;
        int r;

        r = supervisor_check_running(supervisor, error);
        if (r < 0)
                return r;
        if (!supervisor->where || g_get_monotonic_time() - supervisor->where->time >= (int64_t) FRESH) {
                where_free(supervisor->where);
                supervisor->where = look(supervisor);
        }
        r = sd_bus_message_new_method_return(message, &reply);
        if (r < 0)
                return r;
        r = append(reply, supervisor->where);
        return r < 0 ? r : sd_bus_message_send(reply);
}
