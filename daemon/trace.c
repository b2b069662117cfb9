/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The methods Job.Grant and Job.RemoteExec, which let the caller get at a process of the job: who asks is found out here,
 * what is asked for is done by the job's parent.
 */

#include "daemon/trace.h"

#include <errno.h>

#include "daemon/audit.h"
#include "daemon/caller.h"
#include "daemon/order.h"
#include "helicopter/cleanup.h"
#include "helicopter/error.h"
#include "helicopter/yama.h"

typedef void (*Audit)(const Job *job, uint32_t target_pid, const Caller *caller);

typedef struct Trace {
        Manager *manager;
        char *job_name;
        uint64_t job_id;
        uint32_t target_pid;
        Caller caller;
        Audit audit; /* records that it was done */
} Trace;

static void trace_free(void *userdata) {
        Trace *trace = userdata;

        caller_clear(&trace->caller);
        g_free(trace->job_name);
        g_free(trace);
}

static int pass_answer(sd_bus_message *call, sd_bus_message *answer, void *userdata) {
        Trace *trace = userdata;
        Job *job = manager_find_same_job(trace->manager, trace->job_name, trace->job_id);

        if (job)
                trace->audit(job, trace->target_pid ? trace->target_pid : job->told.pid, &trace->caller);
        return order_pass_answer(call, answer, NULL);
}

static void record_refusal(const sd_bus_error *error, void *userdata) {
        Trace *trace = userdata;

        audit_refused(trace->job_name, trace->target_pid, &trace->caller, error);
}

static int check_scope(const Job *job, sd_bus_error *error) {
        int scope = yama_ptrace_scope();

        if (scope < 2)
                return 0;
        return sd_bus_error_setf(error, HELICOPTER_ERROR_PTRACE_DISABLED,
                "Job %s cannot be traced: kernel.yama.ptrace_scope is %d.", job->name, scope);
}

static int fill_order(sd_bus_message *order, sd_bus_message *message, Trace *trace) {
        int r;

        r = sd_bus_message_read(message, "u", &trace->target_pid);
        if (r < 0)
                return r;
        r = sd_bus_message_append(order, "uuh", trace->target_pid, (uint32_t) trace->caller.pid, trace->caller.pidfd);
        if (r < 0)
                return r;
        return sd_bus_message_copy(order, message, true);
}

/* Fills *trace and sends the order, which takes *trace over when it returns 0. */
static int try(sd_bus_message *message, Job *job, const char *method, Trace *trace, sd_bus_error *error) {
        const OrderHooks hooks = {
                .reply = pass_answer, .failed = record_refusal, .free = trace_free, .userdata = trace
        };
        g_autoptr(sd_bus_message) order = NULL;
        int r;

        r = caller_query(message, &trace->caller, error);
        if (r < 0)
                return r;
        r = check_scope(job, error);
        if (r < 0)
                return r;
        r = order_new(job, method, &order, error);
        if (r < 0)
                return r;
        r = fill_order(order, message, trace);
        if (r < 0)
                return r;
        return order_send(job, order, message, &hooks, error);
}

static int pass_on(sd_bus_message *message, Job *job, const char *method, Audit audit, sd_bus_error *error) {
        Trace *trace = g_new(Trace, 1);
        int r;

        *trace = (Trace) {
                .manager = job->manager,
                .job_name = g_strdup(job->name),
                .job_id = job->id,
                .caller = CALLER_NONE,
                .audit = audit,
        };
        r = try(message, job, method, trace, error);
        if (r < 0) {
                if (trace->caller.command && sd_bus_error_is_set(error))
                        record_refusal(error, trace);
                trace_free(trace);
                return r;
        }
        return 1;
}

int grant_method(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        return pass_on(message, userdata, "Grant", audit_granted, error);
}

int remote_exec_method(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        return pass_on(message, userdata, "RemoteExec", audit_script, error);
}
