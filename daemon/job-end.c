/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "daemon/job-end.h"

#include "daemon/order.h"
#include "daemon/wait.h"
#include "helicopter/bus-options.h"
#include "helicopter/cleanup.h"
#include "helicopter/error.h"

#define GRACE (10 * G_USEC_PER_SEC)
#define GRACE_MAX (G_GUINT64_CONSTANT(24) * 3600 * G_USEC_PER_SEC)

typedef struct Ending {
        const JobEnd *end;
        Manager *manager;
        char *job_name;
        uint64_t job_id;
        uint64_t grace;
} Ending;

static Ending *ending_new(Job *job, const JobEnd *end, uint64_t grace) {
        Ending *ending = g_new(Ending, 1);

        *ending = (Ending) {
                .end = end, .manager = job->manager, .job_name = g_strdup(job->name), .job_id = job->id, .grace = grace
        };
        return ending;
}

static void ending_free(void *userdata) {
        Ending *ending = userdata;

        g_free(ending->job_name);
        g_free(ending);
}

static int on_begun(sd_bus_message *call, sd_bus_message *answer, void *userdata) {
        const Ending *ending = userdata;
        Job *job = manager_find_same_job(ending->manager, ending->job_name, ending->job_id);

        return ending->end->await(job, ending->job_name, ending->grace, call);
}

static int send_awaited(
        Job *job, const JobEnd *end, uint64_t grace, sd_bus_message *order, sd_bus_message *call, sd_bus_error *error) {
        OrderHooks hooks = { .reply = on_begun, .free = ending_free, .userdata = ending_new(job, end, grace) };
        int r = order_send(job, order, call, &hooks, error);

        if (r < 0)
                ending_free(hooks.userdata);
        return r;
}

int job_end_order(Job *job, const JobEnd *end, uint64_t grace, sd_bus_message *call, sd_bus_error *error) {
        g_autoptr(sd_bus_message) order = NULL;
        int r;

        r = order_new(job, end->method, &order, error);
        if (r < 0)
                return r;
        r = sd_bus_message_append(order, "t", grace);
        if (r < 0)
                return r;
        r = call ? send_awaited(job, end, grace, order, call, error) : order_send(job, order, NULL, NULL, error);
        if (r >= 0 && end->for_good)
                job->stopping = true;
        return r;
}

static bool answer_ended(Job *job, sd_bus_message *call) {
        if (!job_has_ended(job))
                return false;
        sd_bus_reply_method_return(call, NULL);
        return true;
}

static int await_end(Job *job, const char *job_name, uint64_t grace, sd_bus_message *call) {
        if (!job)
                return sd_bus_reply_method_return(call, NULL);
        return wait_add(job, call, grace + STOP_KILL_TIMEOUT, "it did not end", answer_ended, NULL);
}

int job_end_stop(Job *job, uint64_t grace, sd_bus_message *call, sd_bus_error *error) {
        static const JobEnd stop = { .method = "Stop", .for_good = true, .await = await_end };

        return job_end_order(job, &stop, grace, call, error);
}

int job_end_read_grace(
        const Job *job, sd_bus_message *message, const char *method, uint64_t *ret_grace, sd_bus_error *error) {
        uint64_t grace = GRACE;
        int r = bus_options_read(message, method, (const BusOption[]) { { "grace", 't', &grace }, {} }, error);

        if (r < 0)
                return r;
        if (grace > GRACE_MAX)
                return sd_bus_error_setf(error, HELICOPTER_ERROR_BAD_OPTION,
                        "Job %s: the grace period is longer than a day.", job->name);
        *ret_grace = grace;
        return 0;
}
