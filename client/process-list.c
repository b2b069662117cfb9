/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/process-list.h"

#include "helicopter/bus-names.h"

static void free_process(gpointer data) {
        JobProcess *process = data;

        g_free(process->state);
        g_free(process->python_version);
        g_free(process->command);
        g_free(process);
}

static int read_processes(sd_bus_message *reply, GPtrArray *processes) {
        const char *state, *version, *command;
        JobProcess *process, next = {};
        int r;

        r = sd_bus_message_enter_container(reply, 'a', "(uusss)");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_read(reply, "(uusss)", &next.pid, &next.parent_pid, &state, &version, &command)) >
                0) {
                process = g_new0(JobProcess, 1);
                process->pid = next.pid;
                process->parent_pid = next.parent_pid;
                process->state = g_strdup(state);
                process->python_version = g_strdup(version);
                process->command = g_strdup(command);
                g_ptr_array_add(processes, process);
        }
        return r;
}

int process_list_get(Connection *connection, const char *object, GPtrArray **ret_processes, sd_bus_error *error) {
        g_autoptr(GPtrArray) processes = g_ptr_array_new_with_free_func(free_process);
        g_autoptr(sd_bus_message) reply = NULL;
        int r;

        r = connection_call(
                connection, object, HELICOPTER_JOB_INTERFACE, "ListProcesses", CALL_TIMEOUT, &reply, error, "");
        if (r < 0)
                return r;
        r = read_processes(reply, processes);
        if (r < 0)
                return sd_bus_error_set_errno(error, r);
        *ret_processes = g_steal_pointer(&processes);
        return 0;
}

const JobProcess *process_list_find(const GPtrArray *processes, uint32_t pid) {
        for (guint i = 0; processes && i < processes->len; i++) {
                const JobProcess *process = g_ptr_array_index(processes, i);

                if (process->pid == pid)
                        return process;
        }
        return NULL;
}

const char *process_list_state(const JobProcess *process) {
        switch (*process->state) {
        case 'R':
                return "running";
        case 'S':
        case 'I':
                return "sleeping";
        case 'D':
                return "blocked";
        case 'T':
                return "stopped";
        case 't':
                return "traced";
        case 'Z':
        case 'X':
                return "ended";
        default:
                return "unknown";
        }
}

char *process_list_version(JobWatch *watch, uint32_t pid) {
        g_autoptr(GPtrArray) processes = NULL;
        const JobProcess *process;

        if (process_list_get(watch->connection, watch->info->object, &processes, NULL) < 0)
                return pid == watch->info->pid ? g_strdup(watch->info->python_version) : NULL;
        process = process_list_find(processes, pid);
        return process && *process->python_version ? g_strdup(process->python_version) : NULL;
}
