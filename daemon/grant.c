/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The method Job.Grant: who asks is found out here, what is asked for is done by the job's parent. */

#include "daemon/grant.h"

#include <errno.h>

#include "daemon/audit.h"
#include "daemon/caller.h"
#include "daemon/order.h"
#include "helicopter/cleanup.h"
#include "helicopter/error.h"
#include "helicopter/yama.h"

typedef struct Grant {
        Manager *manager;
        char *job_name;
        uint64_t job_id;
        uint32_t target_pid;
        Caller caller;
} Grant;

static void grant_free(void *userdata) {
        Grant *grant = userdata;

        caller_clear(&grant->caller);
        g_free(grant->job_name);
        g_free(grant);
}

static int pass_lease(sd_bus_message *call, sd_bus_message *answer, void *userdata) {
        Grant *grant = userdata;
        Job *job = manager_find_same_job(grant->manager, grant->job_name, grant->job_id);
        int lease, r;

        r = sd_bus_message_read(answer, "h", &lease);
        if (r < 0)
                return sd_bus_reply_method_errno(call, r, NULL);
        if (job)
                audit_granted(job, grant->target_pid ? grant->target_pid : job->told.pid, &grant->caller);
        return sd_bus_reply_method_return(call, "h", lease);
}

static void record_refusal(const sd_bus_error *error, void *userdata) {
        Grant *grant = userdata;

        audit_refused(grant->job_name, grant->target_pid, &grant->caller, error);
}

static int check_scope(const Job *job, sd_bus_error *error) {
        int scope = yama_ptrace_scope();

        if (scope < 2)
                return 0;
        return sd_bus_error_setf(error, HELICOPTER_ERROR_PTRACE_DISABLED,
                "Job %s cannot be traced: kernel.yama.ptrace_scope is %d.", job->name, scope);
}

static int fill_order(sd_bus_message *order, sd_bus_message *message, Grant *grant) {
        int r;

        r = sd_bus_message_read(message, "u", &grant->target_pid);
        if (r < 0)
                return r;
        r = sd_bus_message_append(order, "uuh", grant->target_pid, (uint32_t) grant->caller.pid, grant->caller.pidfd);
        if (r < 0)
                return r;
        return sd_bus_message_copy(order, message, true);
}

/* Fills *grant and sends the order, which takes *grant over when it returns 0. */
static int try_grant(sd_bus_message *message, Job *job, Grant *grant, sd_bus_error *error) {
        const OrderHooks hooks = {
                .reply = pass_lease, .failed = record_refusal, .free = grant_free, .userdata = grant
        };
        g_autoptr(sd_bus_message) order = NULL;
        int r;

        r = caller_query(message, &grant->caller, error);
        if (r < 0)
                return r;
        r = check_scope(job, error);
        if (r < 0)
                return r;
        r = order_new(job, "Grant", &order, error);
        if (r < 0)
                return r;
        r = fill_order(order, message, grant);
        if (r < 0)
                return r;
        return order_send(job, order, message, &hooks, error);
}

int grant_method(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Job *job = userdata;
        Grant *grant = g_new(Grant, 1);
        int r;

        *grant = (Grant) {
                .manager = job->manager, .job_name = g_strdup(job->name), .job_id = job->id, .caller = CALLER_NONE
        };
        r = try_grant(message, job, grant, error);
        if (r < 0) {
                if (grant->caller.command && sd_bus_error_is_set(error))
                        record_refusal(error, grant);
                grant_free(grant);
                return r;
        }
        return 1;
}
