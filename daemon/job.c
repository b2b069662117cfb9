/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "daemon/job.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>

#include "daemon/audit.h"
#include "daemon/ended.h"
#include "daemon/job-bus.h"
#include "daemon/restart.h"
#include "daemon/service-manager.h"
#include "daemon/wait.h"
#include "helicopter/bus-names.h"
#include "helicopter/cleanup.h"
#include "helicopter/log.h"
#include "helicopter/printable.h"
#include "helicopter/process.h"

Job *job_new(Manager *manager, const char *name, uint64_t id) {
        Job *job = g_new(Job, 1);

        *job = (Job) {
                .id = id,
                .manager = manager,
                .parent_pidfd = -1,
                .name = g_strdup(name),
        };
        job_properties_init(&job->told);
        if (sd_bus_path_encode(HELICOPTER_JOB_PREFIX, name, &job->object) < 0)
                g_error("out of memory");
        return job;
}

static void forget_parent(Job *job) {
        job->parent_source = sd_event_source_disable_unref(job->parent_source);
        close_fd(&job->parent_pidfd);
}

Job *job_free(Job *job) {
        if (!job)
                return NULL;
        job_parent_lost(job);
        forget_parent(job);
        wait_free_all(job);
        restart_forget(job);
        job_properties_clear(&job->told);
        g_free(job->name);
        free(job->object);
        g_free(job->tracer_executable);
        g_free(job);
        return NULL;
}

bool job_is_running(const Job *job) {
        return g_str_equal(job->told.state, JOB_STATE_RUNNING);
}

bool job_has_ended(const Job *job) {
        return g_str_equal(job->told.state, JOB_STATE_EXITED) || g_str_equal(job->told.state, JOB_STATE_FAILED);
}

bool job_is_over(const Job *job) {
        return job_has_ended(job) && !job->restart;
}

bool job_is_launched(const Job *job) {
        return job->parent_pid == 0 && !job_has_ended(job);
}

static void on_ended(Job *job) {
        log_info("Job %s has ended: %s, code %d, signal %d.", job->name, job->told.state, job->told.exit_code,
                job->told.exit_signal);
        forget_parent(job);
        if (job->stopping && unit_stop_ended(job, NULL, NULL) < 0)
                log_debug("Job %s has no unit to be stopped.", job->name);
        ended_keep(job);
        manager_job_ended(job->manager, job);
}

/* The one place where what is known of a job changes. Takes over `now`. */
static void job_set(Job *job, JobProperties *now) {
        g_autoptr(GPtrArray) changed = job_properties_diff(&job->told, now);
        g_auto(JobProperties) before = job->told;
        bool had_ended = job_has_ended(job);

        job->told = *now;
        if (!changed->pdata[0])
                return;
        if (job->told.tracer_pid != before.tracer_pid)
                audit_tracer_changed(job, &before);
        job_emit_changed(job, (char **) changed->pdata);
        wait_check(job);
        if (job_has_ended(job) && !had_ended)
                on_ended(job);
}

int job_update(Job *job, sd_bus_message *message) {
        g_auto(RestartTold) more = {};
        JobProperties now;
        int r;

        job_properties_copy(&job->told, &now);
        r = job_properties_read(&now, message, restart_take, &more);
        /* What has ended stays so: a late word must not bring it back. */
        if (r < 0 || job_has_ended(job)) {
                job_properties_clear(&now);
                return r;
        }
        restart_told(job, &more);
        job_set(job, &now);
        return 0;
}

void job_fail(Job *job, const char *reason) {
        JobProperties now;

        if (job_has_ended(job))
                return;
        job_properties_copy(&job->told, &now);
        job_properties_set_string(&now.state, JOB_STATE_FAILED);
        job_properties_set_string(&now.failure_reason, reason);
        job_properties_set_string(&now.tracer_command, "");
        now.tracer_pid = 0;
        now.tracer_since = 0;
        now.end_timestamp = (uint64_t) g_get_real_time();
        job_set(job, &now);
}

void job_tell(Job *job, const JobProperties *properties) {
        JobProperties now;

        if (job_has_ended(job))
                return;
        job_properties_copy(properties, &now);
        job_set(job, &now);
}

void job_set_log_path(Job *job, const char *path) {
        g_autofree char *shown = valid_utf8(path);
        JobProperties now;

        job_properties_copy(&job->told, &now);
        job_properties_set_string(&now.log_path, shown);
        job_set(job, &now);
}

/* A parent that was killed. The kernel then sends the job SIGTERM; it may have its own idea of what to do with that. */
static int on_parent_exit(sd_event_source *source, int fd, uint32_t events, void *userdata) {
        Job *job = userdata;
        g_autofree char *reason = g_strdup_printf("Its helicopter-parent (pid %u) ended without telling how the job "
                                                  "ended; the job was sent SIGTERM.",
                job->parent_pid);

        forget_parent(job);
        if (!ended_find(job))
                job_fail(job, reason);
        return 0;
}

void job_check_parent(Job *job) {
        if (job->parent_pidfd >= 0 && !process_alive(job->parent_pidfd))
                on_parent_exit(job->parent_source, job->parent_pidfd, 0, job);
}

int job_set_parent(Job *job, Peer *peer, pid_t pid, int pidfd) {
        static char *changed[] = { (char *) "ParentPID", NULL };
        int r;

        forget_parent(job);
        job->parent_pidfd = pidfd;
        r = sd_event_add_io(job->manager->event, &job->parent_source, pidfd, EPOLLIN, on_parent_exit, job);
        if (r < 0)
                return r;
        /* The parent's last message is read before its end is noticed. */
        r = sd_event_source_set_priority(job->parent_source, SD_EVENT_PRIORITY_IDLE);
        if (r < 0)
                return r;
        job->peer = peer;
        if (job->parent_pid != (uint32_t) pid) {
                job->parent_pid = (uint32_t) pid;
                job_emit_changed(job, changed);
        }
        return 0;
}

void job_parent_lost(Job *job) {
        job->peer = NULL;
}
