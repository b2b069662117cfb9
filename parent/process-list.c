/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "parent/process-list.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "helicopter/cleanup.h"
#include "helicopter/error.h"
#include "helicopter/printable.h"
#include "helicopter/process.h"
#include "helicopter/python-runtime.h"
#include "parent/supervisor.h"

#define COMMAND_MAX 512

static void python_version(pid_t pid, char *buffer, size_t size) {
        PythonRuntime runtime = {};
        int r = python_runtime_find(pid, &runtime);

        buffer[0] = '\0';
        if (r == 0 || r == -EOPNOTSUPP)
                snprintf(buffer, size, "%u.%u.%u", runtime.major, runtime.minor, runtime.micro);
        else if (r == -ENODATA && runtime.major > 0)
                snprintf(buffer, size, "%u.%u", runtime.major, runtime.minor);
}

/* A process that has gone meanwhile is left out. */
static int append(sd_bus_message *reply, pid_t pid) {
        g_autofree char *command = NULL, *shown = NULL;
        ProcessStatus status;
        char version[40];

        if (process_status(pid, &status) < 0)
                return 0;
        command = process_command(pid);
        shown = printable(command ? command : "", COMMAND_MAX);
        python_version(pid, version, sizeof version);
        return sd_bus_message_append(reply, "(uusss)", (uint32_t) pid, (uint32_t) status.parent,
                (const char[]) { status.state, '\0' }, version, shown);
}

static int append_all(sd_bus_message *reply, const Supervisor *supervisor, const pid_t *pids, int count) {
        int r;

        r = sd_bus_message_open_container(reply, 'a', "(uusss)");
        if (r < 0)
                return r;
        r = append(reply, supervisor->child.pid);
        for (int i = 0; r >= 0 && i < count; i++)
                if (pids[i] != supervisor->child.pid && !supervisor_is_helper(supervisor, pids[i]))
                        r = append(reply, pids[i]);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

int process_list_method(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        const Supervisor *supervisor = userdata;
        g_autoptr(sd_bus_message) reply = NULL;
        g_autofree pid_t *pids = NULL;
        int count, r;

        r = supervisor_check_running(supervisor, error);
        if (r < 0)
                return r;
        count = process_descendants(getpid(), PROCESSES_MAX, &pids);
        if (count == -E2BIG)
                return sd_bus_error_setf(
                        error, HELICOPTER_ERROR_LIMIT_REACHED, "it has more than %d processes.", PROCESSES_MAX);
        if (count < 0)
                return count;
        r = sd_bus_message_new_method_return(message, &reply);
        if (r < 0)
                return r;
        r = append_all(reply, supervisor, pids, count);
        return r < 0 ? r : sd_bus_message_send(reply);
}
