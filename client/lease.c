/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/lease.h"

#include <fcntl.h>

#include "client/job-script.h"
#include "helicopter/bus-names.h"

static int append_flag(sd_bus_message *call, const char *option, bool value) {
        return sd_bus_message_append(call, "{sv}", option, "b", value);
}

static int append_options(sd_bus_message *call, const LeaseRequest *request) {
        int r;

        r = sd_bus_message_open_container(call, 'a', "{sv}");
        if (r >= 0 && request->force)
                r = append_flag(call, "force", true);
        if (r >= 0 && request->python)
                r = append_flag(call, "python", true);
        if (r >= 0 && request->reserve)
                r = append_flag(call, "permit", false);
        if (r >= 0 && request->via)
                r = sd_bus_message_append(call, "{sv}", "via", "s", request->via);
        return r < 0 ? r : sd_bus_message_close_container(call);
}

int lease_take(JobWatch *watch, const LeaseRequest *request, sd_bus_error *error) {
        g_autoptr(sd_bus_message) call = NULL, reply = NULL;
        int r, lease;

        r = connection_prepare(watch->connection, watch->info->object, HELICOPTER_JOB_INTERFACE, "Grant", &call);
        if (r >= 0)
                r = sd_bus_message_append(call, "u", request->target);
        if (r >= 0)
                r = append_options(call, request);
        if (r < 0)
                return sd_bus_error_set_errno(error, r);
        r = connection_send(watch->connection, call, job_script_time_left(request->deadline), &reply, error);
        if (r < 0)
                return r;
        r = sd_bus_message_read(reply, "h", &lease);
        if (r < 0)
                return sd_bus_error_set_errno(error, r);
        lease = fcntl(lease, F_DUPFD_CLOEXEC, 3);
        return lease < 0 ? sd_bus_error_set_errno(error, -errno) : lease;
}
