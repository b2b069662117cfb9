/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "daemon/restart.h"

#include <errno.h>

#include "daemon/bounds.h"
#include "daemon/job-end.h"
#include "daemon/launcher.h"
#include "daemon/order.h"
#include "daemon/pending.h"
#include "daemon/service-manager.h"
#include "daemon/start.h"
#include "daemon/wait.h"
#include "helicopter/cleanup.h"
#include "helicopter/error.h"
#include "helicopter/log.h"
#include "helicopter/process.h"

/* What is told. */

void restart_told_clear(RestartTold *told) {
        g_clear_pointer(&told->start, g_bytes_unref);
}

static int take_start(sd_bus_message *message, RestartTold *told) {
        const void *text;
        size_t size;
        int r;

        r = sd_bus_message_enter_container(message, 'v', "ay");
        if (r < 0)
                return r;
        r = sd_bus_message_read_array(message, 'y', &text, &size);
        if (r < 0)
                return r;
        restart_told_clear(told);
        told->start = g_bytes_new(text, size);
        r = sd_bus_message_exit_container(message);
        return r < 0 ? r : 1;
}

static int take_restart(sd_bus_message *message, RestartTold *told) {
        int restart, r;

        r = sd_bus_message_read(message, "v", "b", &restart);
        if (r < 0)
                return r;
        told->known = true;
        told->restart = restart;
        return 1;
}

int restart_take(const char *name, sd_bus_message *message, void *told) {
        if (g_str_equal(name, "Start"))
                return take_start(message, told);
        return g_str_equal(name, "Restart") ? take_restart(message, told) : 0;
}

void restart_forget(Job *job) {
        if (!job->start)
                return;
        job->manager->starts_size -= g_bytes_get_size(job->start);
        g_clear_pointer(&job->start, g_bytes_unref);
}

/* Those that ended first are the first to lose theirs. */
static bool make_room(Manager *manager, size_t size) {
        for (GList *link = manager->ended.head; link && manager->starts_size + size > STARTS_BYTES_MAX;
                link = link->next) {
                Job *job = link->data;

                if (job->restart || !job->start)
                        continue;
                restart_forget(job);
                job->start_lost = true;
        }
        return manager->starts_size + size <= STARTS_BYTES_MAX;
}

static void keep(Job *job, GBytes *start) {
        size_t size = g_bytes_get_size(start);

        restart_forget(job);
        job->start_lost = !make_room(job->manager, size);
        if (job->start_lost)
                return;
        job->start = g_bytes_ref(start);
        job->manager->starts_size += size;
}

void restart_told(Job *job, const RestartTold *told) {
        bool restart;

        if (told->known)
                job->tells_restart = true;
        if (told->start)
                keep(job, told->start);
        restart = told->restart && job->start;
        if (restart == job->restart)
                return;
        job->restart = restart;
        wait_check(job);
        manager_need_sweep(job->manager);
}

/* Whether it can be done, which is to be known before the job is stopped for it. */

static int set_never_known(const Job *job, sd_bus_error *error) {
        if (!job->tells_restart)
                return order_set_too_old(job->name, error);
        if (process_has_terminal((pid_t) job->parent_pid) > 0)
                return sd_bus_error_setf(error, HELICOPTER_ERROR_NOT_RESTARTABLE,
                        "Job %s runs in a terminal, and can only be started again from there.", job->name);
        return sd_bus_error_setf(error, HELICOPTER_ERROR_NOT_RESTARTABLE,
                "Job %s was not started by 'helicopter-client run', and only what started it can start it again.",
                job->name);
}

static int set_not_known(const Job *job, sd_bus_error *error) {
        if (job->start_lost)
                return sd_bus_error_setf(error, HELICOPTER_ERROR_NOT_RESTARTABLE,
                        "Job %s: what it was started with was not kept, since that of all jobs is more than %d MiB.",
                        job->name, STARTS_BYTES_MAX >> 20);
        if (job_has_ended(job))
                return sd_bus_error_setf(error, HELICOPTER_ERROR_NOT_RESTARTABLE,
                        "Job %s has ended, and the daemon does not know what it was started with.", job->name);
        return set_never_known(job, error);
}

static int check(const Job *job, sd_bus_error *error) {
        g_autoptr(GPtrArray) settings = NULL;
        g_auto(JobStart) start = {};

        if (unit_is_of_file(job->told.unit, job->name))
                return sd_bus_error_setf(error, HELICOPTER_ERROR_NOT_RESTARTABLE,
                        "Job %s is that of a unit: 'systemctl --user restart %s' starts it again.", job->name,
                        job->told.unit);
        if (!job->start)
                return set_not_known(job, error);
        job_start_unpack(job->start, &start);
        if (!start.command[0])
                return sd_bus_error_setf(error, HELICOPTER_ERROR_NOT_RESTARTABLE,
                        "Job %s was started by an older daemon, which has not kept what it was started with.",
                        job->name);
        return start_check(&start, job->told.grant_policy, &settings, error);
}

/* The method. */

/* Of the successor. */
static bool answer_started(Job *job, sd_bus_message *call) {
        switch (start_outcome(job)) {
        case START_DONE:
                sd_bus_reply_method_return(call, NULL);
                return true;
        case START_FAILED:
                start_reply_failure(job, call);
                return true;
        default:
                return false;
        }
}

/* Of the job that is to end: the call goes on to the successor, unless there will be none. */
static bool answer_given_up(Job *job, sd_bus_message *call) {
        if (job->restart)
                return false;
        sd_bus_reply_method_errorf(call, HELICOPTER_ERROR_CANCELLED,
                "Job %s was told to end meanwhile, and is not started again.", job->name);
        return true;
}

static int await_successor(Job *job, uint64_t grace, sd_bus_message *call) {
        return wait_add(job, call, grace + STOP_KILL_TIMEOUT + START_TIMEOUT, "it was not started again",
                answer_given_up, NULL);
}

/* The parent has told that it is about to, and has sent SIGTERM. */
static int on_begun(Job *job, const char *job_name, uint64_t grace, sd_bus_message *call) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;

        if (job)
                return await_successor(job, grace, call);
        manager_set_not_listed(&error, job_name);
        return sd_bus_reply_method_error(call, &error);
}

static int begin(Job *job, uint64_t grace, sd_bus_message *call, sd_bus_error *error) {
        static const JobEnd end = { .method = "Restart", .await = on_begun };
        int r = check(job, error);

        if (r < 0)
                return r;
        if (!job_has_ended(job))
                return job_end_order(job, &end, grace, call, error);
        job->restart = true;
        manager_need_sweep(job->manager);
        return await_successor(job, 0, call);
}

int restart_method(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Job *job = userdata;
        uint64_t grace = 0;
        int r;

        r = job_end_read_grace(job, message, "Restart", &grace, error);
        if (r < 0)
                return r;
        if (manager_is_terminating(job->manager))
                return start_refuse(error);
        r = pending_check(job->manager, message, error);
        if (r < 0)
                return r;
        /* Who comes meanwhile wants the same, and gets it. */
        if (job->restart)
                r = await_successor(job, grace, message);
        else if (job_is_launched(job))
                r = wait_add(job, message, START_TIMEOUT, "it did not start", answer_started, NULL);
        else
                r = begin(job, grace, message, error);
        return r < 0 ? r : 1;
}

/* Carrying it out. */

/* Nobody asks; but a job that does not start in time has failed. */
static bool has_started(Job *job, sd_bus_message *nobody) {
        return start_outcome(job) != START_PENDING;
}

static void launch(Job *job, GBytes *text, const char *grant_policy, bool unit_goes_first) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        g_autoptr(GPtrArray) settings = NULL;
        g_auto(JobStart) start;
        LaunchRequest request;

        job_start_unpack(text, &start);
        if (start_check(&start, grant_policy, &settings, &error) <
                0) { /* no longer, or it is another daemon's promise */
                job_fail(job, error.message);
                return;
        }
        log_info("Job %s is started again.", job->name);
        request = (LaunchRequest) {
                .start = &start,
                .text = text,
                .settings = settings,
                .grant_policy = grant_policy,
                .unit_goes_first = unit_goes_first,
        };
        launcher_start(job->manager->launcher, job, &request);
}

/* With the grant policy that it has by now: what was narrowed is not to be undone. */
static void start_again(Job *old) {
        g_autofree char *grant_policy = g_strdup(old->told.grant_policy);
        bool had_unit = unit_is_of_job(old->told.unit, old->name);
        g_autoptr(GBytes) text = g_bytes_ref(old->start);
        Wait *waits = wait_steal(old);
        Job *job = manager_replace_job(old->manager, old);
        int r;

        keep(job, text);
        wait_give(job, waits, answer_started);
        r = wait_add(job, NULL, START_TIMEOUT, NULL, has_started, start_expired);
        if (r < 0)
                log_warning("Job %s: its start has no deadline: %s.", job->name, g_strerror(-r));
        launch(job, text, grant_policy, had_unit);
}

void restart_carry_out(Manager *manager) {
        for (GList *link = manager->ended.head; link;) {
                Job *job = link->data;

                link = link->next;
                if (!job->restart)
                        continue;
                if (!manager_is_terminating(manager)) {
                        start_again(job);
                        continue;
                }
                job->restart = false;
                wait_check(job);
        }
}
