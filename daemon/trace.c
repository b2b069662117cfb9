/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The methods that let the caller get at a process of the job: who asks, and whether the job's policy lets them, is
 * found out here; what is asked for is done by the job's parent. Each is recorded, whether it was done or refused, but for
 * LookAhead.
 */

#include "daemon/trace.h"

#include <errno.h>

#include "daemon/audit.h"
#include "daemon/caller.h"
#include "daemon/order.h"
#include "daemon/peer.h"
#include "daemon/pending.h"
#include "daemon/policy.h"
#include "helicopter/bus-options.h"
#include "helicopter/cleanup.h"
#include "helicopter/error.h"
#include "helicopter/log.h"
#include "helicopter/wake.h"
#include "helicopter/yama.h"

typedef struct Trace Trace;

typedef struct Kind {
        const char *method; /* of org.helicopter1.Parent */
        int (*check)(const Job *job, const Caller *caller, sd_bus_error *error);
        int (*fill)(sd_bus_message *order, sd_bus_message *message, Trace *trace, sd_bus_error *error);
        int (*pass_answer)(sd_bus_message *call, sd_bus_message *answer, void *trace);
        const AuditEvent *done; /* NULL: it is not recorded, since nothing comes of it by itself */
} Kind;

struct Trace {
        const Kind *kind;
        Manager *manager;
        char *job_name;
        uint64_t job_id;
        uint32_t target_pid;
        uint64_t extra_time; /* that the parent takes to answer */
        int64_t began;
        Caller caller;
        sd_bus_message *call; /* while its caller's executable is being asked for */
        sd_bus_error failure; /* of that */
};

static void trace_free(void *userdata) {
        Trace *trace = userdata;

        caller_clear(&trace->caller);
        sd_bus_error_free(&trace->failure);
        sd_bus_message_unref(trace->call);
        g_free(trace->job_name);
        g_free(trace);
}

static Job *find_job(const Trace *trace) {
        return manager_find_same_job(trace->manager, trace->job_name, trace->job_id);
}

static Audit audit_of(const Trace *trace) {
        Job *job = find_job(trace);
        uint32_t main_pid = job ? job->told.pid : 0;

        return (Audit) {
                .job = job,
                .job_name = trace->job_name,
                .target_pid = trace->target_pid ? trace->target_pid : main_pid,
                .caller = &trace->caller,
                .seconds = (double) (g_get_monotonic_time() - trace->began) / G_USEC_PER_SEC,
        };
}

/* What the parent tells behind a lease. It does not say it again, also where the caller is gone. */
static void take_news(const Trace *trace, sd_bus_message *answer) {
        Job *job = find_job(trace);

        /* A connection that the job's parent has given up since has nothing new to tell. */
        if (!job || !job->peer || job->peer->bus != sd_bus_message_get_bus(answer) ||
                sd_bus_message_at_end(answer, true) != 0)
                return;
        if (job_update(job, answer) < 0)
                log_warning("Job %s: what its helicopter-parent says of it cannot be understood.", trace->job_name);
}

/* The caller first: nobody is served before the news have been taken. */
static int pass_lease(sd_bus_message *call, sd_bus_message *answer, void *trace) {
        int lease, r;

        r = sd_bus_message_read(answer, "h", &lease);
        if (r < 0)
                return r;
        r = sd_bus_reply_method_return(call, "h", lease);
        take_news(trace, answer);
        return r;
}

static int pass_answer(sd_bus_message *call, sd_bus_message *answer, void *userdata) {
        Trace *trace = userdata;
        int r = trace->kind->pass_answer(call, answer, trace);
        Audit audit = audit_of(trace);

        if (trace->kind->done)
                audit_done(&audit, trace->kind->done);
        return r;
}

static void record_refusal(const sd_bus_error *error, void *userdata) {
        const Trace *trace = userdata;
        Audit audit = audit_of(trace);

        /* Nothing was refused: the script that was to be woken for has begun by itself. */
        if (!trace->kind->done || sd_bus_error_has_name(error, HELICOPTER_ERROR_NO_SCRIPT))
                return;
        audit_refused(&audit, error);
}

static int check_access(const Job *job, const Caller *caller, sd_bus_error *error) {
        int scope = yama_ptrace_scope();

        if (scope >= 2)
                return sd_bus_error_setf(error, HELICOPTER_ERROR_PTRACE_DISABLED,
                        "Job %s cannot be traced: kernel.yama.ptrace_scope is %d.", job->name, scope);
        return policy_check(job, caller, error);
}

/* The target, the caller, and whatever else there is. */
static int fill_with_caller(sd_bus_message *order, sd_bus_message *message, Trace *trace, sd_bus_error *error) {
        int r;

        r = sd_bus_message_read(message, "u", &trace->target_pid);
        if (r < 0)
                return r;
        r = sd_bus_message_append(order, "uuh", trace->target_pid, (uint32_t) trace->caller.pid, trace->caller.pidfd);
        if (r < 0)
                return r;
        return sd_bus_message_copy(order, message, true);
}

/* Answered when the script has been taken, or its time is over. */
static int fill_wake(sd_bus_message *order, sd_bus_message *message, Trace *trace, sd_bus_error *error) {
        const char *mode;
        const BusOption options[] = { { "mode", 's', &mode }, { "timeout", 't', &trace->extra_time }, {} };
        int r;

        r = sd_bus_message_read(message, "u", &trace->target_pid);
        if (r >= 0)
                r = bus_options_read(message, "Wake", options, error);
        if (r >= 0)
                r = sd_bus_message_rewind(message, true);
        if (r < 0)
                return r;
        if (trace->extra_time > WAKE_TIMEOUT_MAX)
                return sd_bus_error_set(error, HELICOPTER_ERROR_BAD_OPTION, "Wake's timeout is longer than an hour.");
        return sd_bus_message_copy(order, message, true);
}

static int fill_unchanged(sd_bus_message *order, sd_bus_message *message, Trace *trace, sd_bus_error *error) {
        return sd_bus_message_copy(order, message, true);
}

static const Kind grant = { "Grant", check_access, fill_with_caller, pass_lease, &audit_granted };
static const Kind look_ahead = { "LookAhead", check_access, fill_with_caller, order_pass_answer, NULL };
static const Kind remote_exec = { "RemoteExec", check_access, fill_with_caller, order_pass_answer, &audit_script };
static const Kind wake = { "Wake", check_access, fill_wake, order_pass_answer, &audit_wake };
static const Kind set_grant_policy = { "SetGrantPolicy", policy_check_change, fill_unchanged, order_pass_answer,
        &audit_policy };

static const char *method_of(const Kind *kind, const Job *job) {
        return kind == &grant && job->peer && job->peer->grants_with_news ? "GrantWithNews" : kind->method;
}

/* Sends the order, which takes *trace over when it returns 0. */
static int try(sd_bus_message *message, Job *job, Trace *trace, sd_bus_error *error) {
        OrderHooks hooks = { .reply = pass_answer, .failed = record_refusal, .free = trace_free, .userdata = trace };
        g_autoptr(sd_bus_message) order = NULL;
        int r;

        r = order_new(job, method_of(trace->kind, job), &order, error);
        if (r < 0)
                return r;
        r = trace->kind->check(job, &trace->caller, error);
        if (r < 0)
                return r;
        r = trace->kind->fill(order, message, trace, error);
        if (r < 0)
                return r;
        hooks.extra_time = trace->extra_time;
        return order_send(job, order, message, &hooks, error);
}

static int take_executable(sd_bus_message *call, sd_bus_message *answer, void *userdata) {
        Trace *trace = userdata;
        const char *executable;
        int r;

        r = sd_bus_message_read(answer, "s", &executable);
        if (r < 0)
                return r;
        g_free(trace->caller.executable);
        trace->caller.executable = g_strdup(executable);
        return 0;
}

/* An older parent does not know the method, which is no reason not to go on. */
static void note_failure(const sd_bus_error *error, void *userdata) {
        Trace *trace = userdata;

        if (sd_bus_error_has_name(error, HELICOPTER_ERROR_PARENT_LOST))
                sd_bus_error_copy(&trace->failure, error);
}

/* The executable is known now, or cannot be. */
static void go_on(void *userdata) {
        Trace *trace = userdata;
        Job *job = find_job(trace);
        g_autoptr(sd_bus_message) call = g_steal_pointer(&trace->call);
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        int r;

        pending_remove(trace->manager, call);
        if (sd_bus_error_is_set(&trace->failure))
                r = sd_bus_error_move(&error, &trace->failure);
        else if (!job)
                r = manager_set_not_listed(&error, trace->job_name);
        else
                r = try(call, job, trace, &error);
        if (r >= 0)
                return;
        sd_bus_error_set_errno(&error, r); /* unless it is set */
        record_refusal(&error, trace);
        sd_bus_reply_method_error(call, &error);
        trace_free(trace);
}

/*
 * From within its sandbox the daemon cannot read which program the caller is, so the job's parent does. Takes *trace
 * over when it returns 0.
 */
static int ask_for_executable(sd_bus_message *message, Job *job, Trace *trace) {
        OrderHooks hooks = { .reply = take_executable, .failed = note_failure, .free = go_on, .userdata = trace };
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        g_autoptr(sd_bus_message) order = NULL;
        int r;

        r = pending_check(trace->manager, message, &error);
        if (r < 0)
                return r;
        r = order_new(job, "GetExecutable", &order, &error);
        if (r < 0)
                return r;
        r = sd_bus_message_append(order, "uh", (uint32_t) trace->caller.pid, trace->caller.pidfd);
        if (r < 0)
                return r;
        r = order_send(job, order, NULL, &hooks, &error);
        if (r < 0)
                return r;
        pending_add(trace->manager, message);
        trace->call = sd_bus_message_ref(message);
        return 0;
}

static int begin(sd_bus_message *message, Job *job, Trace *trace, sd_bus_error *error) {
        int r = caller_query(message, &trace->caller, error);

        if (r < 0)
                return r;
        /* Where it cannot be asked for, what follows says why, or goes without. */
        if (trace->kind->done && !*trace->caller.executable && ask_for_executable(message, job, trace) >= 0)
                return 0;
        return try(message, job, trace, error);
}

static int pass_on(sd_bus_message *message, Job *job, const Kind *kind, sd_bus_error *error) {
        Trace *trace = g_new(Trace, 1);
        int r;

        *trace = (Trace) {
                .kind = kind,
                .manager = job->manager,
                .job_name = g_strdup(job->name),
                .job_id = job->id,
                .began = g_get_monotonic_time(),
                .caller = CALLER_NONE,
        };
        r = begin(message, job, trace, error);
        if (r < 0) {
                if (trace->caller.command && sd_bus_error_is_set(error))
                        record_refusal(error, trace);
                trace_free(trace);
                return r;
        }
        return 1;
}

int grant_method(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        return pass_on(message, userdata, &grant, error);
}

int look_ahead_method(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        return pass_on(message, userdata, &look_ahead, error);
}

int remote_exec_method(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        return pass_on(message, userdata, &remote_exec, error);
}

int wake_method(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        return pass_on(message, userdata, &wake, error);
}

int set_grant_policy_method(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        return pass_on(message, userdata, &set_grant_policy, error);
}
