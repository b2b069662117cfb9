/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/obstacle.h"

#include <errno.h>
#include <glib.h>
#include <stdbool.h>
#include <string.h>

#include "client/client-error.h"
#include "client/process-environment.h"
#include "client/report.h"
#include "client/text.h"
#include "helicopter/error.h"
#include "helicopter/process.h"

/* Where that cannot be read, the process is another user's, or gone: others will say so. */
int obstacle_network(pid_t pid, sd_bus_error *error) {
        if (process_shares_namespace(pid, "net") != 0)
                return 0;
        return client_error_set(error, CLIENT_ERROR_OTHER_NAMESPACE, ENETUNREACH,
                "process %d is in another network namespace, from which pdb cannot be reached", (int) pid);
}

int obstacle_pids(pid_t pid, sd_bus_error *error) {
        if (process_shares_namespace(pid, "pid") != 0 && process_shares_namespace(pid, "user") != 0)
                return 0;
        return client_error_set(error, CLIENT_ERROR_OTHER_NAMESPACE, EXDEV,
                "process %d is in another pid or user namespace, from which the script cannot be read", (int) pid);
}

static const char *what_disabled(pid_t pid) {
        g_autofree char *variable = process_environment_get(pid, "PYTHON_DISABLE_REMOTE_DEBUG");

        if (process_environment_has_x_option(pid, "disable-remote-debug"))
                return "its command line has -X disable-remote-debug";
        if (variable && *variable)
                return "PYTHON_DISABLE_REMOTE_DEBUG is set in its environment";
        return "its Python was built without it, or switches it off itself";
}

void obstacle_explain_disabled(pid_t pid, sd_bus_error *error) {
        if (sd_bus_error_has_name(error, HELICOPTER_ERROR_REMOTE_DEBUG_DISABLED))
                client_error_set(error, HELICOPTER_ERROR_REMOTE_DEBUG_DISABLED, EACCES,
                        "remote debugging is switched off in process %d: %s", (int) pid, what_disabled(pid));
}

static void report_tracer(pid_t pid, pid_t tracer) {
        g_autofree char *command = process_command(tracer);
        g_autofree char *shown = text_printable(command ?: "?");

        report_note("Process %d is being traced by process %d (%s).", (int) pid, (int) tracer, shown);
}

void obstacle_report(pid_t pid, const char *told) {
        ProcessStatus status;

        if (process_status(pid, &status) < 0)
                return;
        if (status.tracer > 0)
                report_tracer(pid, status.tracer);
        if (status.state == 'T' && !(told && strstr(told, "kill -CONT")))
                report_note("Process %d is stopped; 'kill -CONT %d' lets it go on.", (int) pid, (int) pid);
}
