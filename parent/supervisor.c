/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "parent/supervisor.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "helicopter/cleanup.h"
#include "helicopter/error.h"
#include "helicopter/exit-code.h"
#include "helicopter/job-record.h"
#include "helicopter/log.h"
#include "helicopter/parent-lock.h"
#include "helicopter/printable.h"
#include "helicopter/process.h"
#include "helicopter/time-slice.h"
#include "parent/grant.h"
#include "parent/lease.h"
#include "parent/link.h"
#include "parent/look-ahead.h"
#include "parent/properties.h"
#include "parent/script.h"
#include "parent/waker.h"
#include "parent/where.h"

/* How long it may take until all of a job's processes have ended after SIGKILL, the kernel's work included. */
#define REMAINS_TIMEOUT (5 * G_USEC_PER_SEC)

/* How long the daemon may take to hear of the end, before the parent ends without. */
#define TELL_END_TIMEOUT (2 * G_USEC_PER_SEC)

/* The same where the daemon is to start the job again: it may be away for being replaced itself. */
#define TELL_RESTART_TIMEOUT (30 * G_USEC_PER_SEC)

#define DESCENDANTS_MAX 65536

bool supervisor_job_has_ended(const Supervisor *supervisor) {
        return supervisor->state == JOB_EXITED || supervisor->state == JOB_FAILED;
}

int supervisor_check_running(const Supervisor *supervisor, sd_bus_error *error) {
        if (supervisor_job_has_ended(supervisor))
                return sd_bus_error_set(error, HELICOPTER_ERROR_TARGET_GONE, "it has ended.");
        return 0;
}

void supervisor_told_end(Supervisor *supervisor) {
        /* It may be an earlier update that is answered. */
        if (supervisor_job_has_ended(supervisor) && !supervisor->remains_timer)
                sd_event_exit(supervisor->event, 0);
}

void supervisor_not_told(Supervisor *supervisor) {
        if (!supervisor->restarting)
                supervisor_told_end(supervisor);
}

static int on_exit_timer(sd_event_source *source, uint64_t usec, void *userdata) {
        supervisor_told_end(userdata);
        return 0;
}

/* Before the daemon is told: it may end while it is. */
static void record_end(const Supervisor *supervisor) {
        g_auto(JobProperties) properties;
        int r;

        properties_fill(supervisor, NULL, &properties);
        r = job_record_write(link_job_name(supervisor->link), (uint32_t) getpid(), &properties);
        if (r < 0)
                log_warning("How the job ended cannot be recorded: %s.", g_strerror(-r));
}

static void tell_end(Supervisor *supervisor) {
        supervisor->remains_timer = sd_event_source_disable_unref(supervisor->remains_timer);
        if (sd_event_add_time_relative(supervisor->event, &supervisor->exit_timer, CLOCK_MONOTONIC,
                    supervisor->restarting ? TELL_RESTART_TIMEOUT : TELL_END_TIMEOUT, 0, on_exit_timer, supervisor) < 0)
                supervisor_told_end(supervisor);
        else if (!link_tell_end(supervisor->link))
                supervisor_not_told(supervisor);
}

static int on_remains_timer(sd_event_source *source, uint64_t usec, void *userdata) {
        log_warning("Processes that the job has left do not end although they were killed.");
        tell_end(userdata);
        return 0;
}

/* Whether they are waited for: supervisor_reap() kills what there is, and whatever that has started meanwhile. */
static bool wait_for_remains(Supervisor *supervisor) {
        return sd_event_add_time_relative(supervisor->event, &supervisor->remains_timer, CLOCK_MONOTONIC,
                       REMAINS_TIMEOUT, 0, on_remains_timer, supervisor) >= 0;
}

static void conclude(Supervisor *supervisor) {
        supervisor->concluded = true;
        record_end(supervisor);
        /* A job that was stopped leaves nothing behind, as a unit's processes are killed after its main one has ended. */
        if (!supervisor->was_stopped || !wait_for_remains(supervisor))
                tell_end(supervisor);
}

static void end(Supervisor *supervisor, JobState state) {
        supervisor->state = state;
        supervisor->end_timestamp = (uint64_t) g_get_real_time();
        supervisor->was_stopped = supervisor->kill_timer;
        supervisor->kill_timer = sd_event_source_disable_unref(supervisor->kill_timer);
        lease_end(supervisor);
        supervisor->ahead = look_ahead_free(supervisor->ahead);
        /* A daemon that read of its end before its registration would take that for another job's. */
        if (!link_is_new(supervisor->link))
                conclude(supervisor);
}

static void main_process_ended(Supervisor *supervisor, const siginfo_t *info) {
        if (supervisor_job_has_ended(supervisor)) /* the exec had failed */
                return;
        if (info->si_code == CLD_EXITED)
                supervisor->exit_code = info->si_status;
        else
                supervisor->exit_signal = info->si_status;
        end(supervisor, supervisor->exit_code == 0 || supervisor->asked_to_end ? JOB_EXITED : JOB_FAILED);
}

void supervisor_add_helper(Supervisor *supervisor, pid_t pid) {
        g_hash_table_add(supervisor->helpers, GINT_TO_POINTER(pid));
}

bool supervisor_is_helper(const Supervisor *supervisor, pid_t pid) {
        return g_hash_table_contains(supervisor->helpers, GINT_TO_POINTER(pid));
}

/* Whether there are children left, which have not ended. */
static bool reap(Supervisor *supervisor) {
        siginfo_t info;

        for (;;) {
                info.si_pid = 0;
                if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG) < 0)
                        return false;
                if (info.si_pid == 0)
                        return true;
                g_hash_table_remove(supervisor->helpers, GINT_TO_POINTER(info.si_pid));
                if (info.si_pid == supervisor->child.pid)
                        main_process_ended(supervisor, &info);
        }
}

void supervisor_reap(Supervisor *supervisor) {
        bool some_are_left = reap(supervisor);

        if (supervisor->remains_timer && (!some_are_left || supervisor_signal_all(supervisor, SIGKILL) < 0))
                tell_end(supervisor);
}

static void exec_failed(Supervisor *supervisor, const char *command, int error) {
        const char *name = error == -ENOENT ? HELICOPTER_ERROR_COMMAND_NOT_FOUND : HELICOPTER_ERROR_NOT_EXECUTABLE;
        g_autofree char *shown = printable(command, 256);

        supervisor->exit_code = error == -ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
        supervisor->failure_reason = g_strdup_printf("'%s' cannot be executed: %s.", shown, g_strerror(-error));
        log_error("%s %s", supervisor->failure_reason, error_remedy(name));
        end(supervisor, JOB_FAILED);
}

static int on_exec(sd_event_source *source, int fd, uint32_t events, void *userdata) {
        Supervisor *supervisor = userdata;
        int r;

        supervisor->exec_source = sd_event_source_disable_unref(supervisor->exec_source);
        r = child_exec_result(&supervisor->child);
        if (supervisor_job_has_ended(supervisor))
                return 0;
        if (r < 0) {
                exec_failed(supervisor, supervisor->options->command[0], r);
                return 0;
        }
        supervisor->state = JOB_RUNNING;
        supervisor->start_timestamp = supervisor->release_timestamp;
        link_update(supervisor->link);
        return 0;
}

void supervisor_release(Supervisor *supervisor) {
        const char *script = supervisor->options->script;

        if (supervisor_job_has_ended(supervisor) && !supervisor->concluded)
                conclude(supervisor);
        if (supervisor->child.go < 0)
                return;
        /* python3 would be executed and end with 2: a script that is missing shall be told as every other command is.
         */
        if (script && access(script, R_OK) < 0) {
                int error = -errno;

                close_fd(&supervisor->child.go);
                exec_failed(supervisor, script, error);
                return;
        }
        supervisor->release_timestamp = (uint64_t) g_get_real_time();
        child_release(&supervisor->child);
}

void supervisor_refuse(Supervisor *supervisor, const char *reason) {
        log_error("%s", reason);
        supervisor->state = JOB_FAILED;
        supervisor->exit_code = EXIT_OWN_FAILURE;
        child_close(&supervisor->child);
        sd_event_exit(supervisor->event, 0);
}

static int hold(Supervisor *supervisor, const sigset_t *mask) {
        int r;

        r = child_fork(supervisor->options->command, supervisor->options->environment, mask, &supervisor->child);
        if (r < 0)
                return r;
        r = sd_event_add_io(
                supervisor->event, &supervisor->exec_source, supervisor->child.told, EPOLLIN, on_exec, supervisor);
        if (r < 0)
                return r;
        /* A command that has ended at once was executed first. */
        return sd_event_source_set_priority(supervisor->exec_source, SD_EVENT_PRIORITY_IMPORTANT);
}

void supervisor_lock(Supervisor *supervisor) {
        if (supervisor->lock >= 0 && parent_lock_is_current(supervisor->lock))
                return;
        close_fd(&supervisor->lock);
        supervisor->lock = parent_lock_take();
        if (supervisor->lock < 0)
                log_debug("A daemon that comes will not know of this job at once: %s.", g_strerror(-supervisor->lock));
}

int supervisor_start(Supervisor *supervisor, sd_event *event, Options *options, const sigset_t *mask) {
        int r;

        *supervisor = (Supervisor) {
                .event = sd_event_ref(event),
                .options = options,
                .child = CHILD_NONE,
                .helpers = g_hash_table_new(NULL, NULL),
                .lock = -1,
                .exit_code = -1,
                .failure_reason = NULL,
                .working_directory = g_get_current_dir(),
        };
        /* Workers whose own parent ends stay below this process, which may then still trace them. */
        if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
                return -errno;
        r = hold(supervisor, mask);
        if (r < 0)
                return r;
        /* Now that the job, which has its own, does not inherit it. */
        time_slice_shorten();
        /* Its name is kept for it: there is nothing to wait for. Not so when its unit is started again. */
        if (options->is_first && !options->script)
                supervisor_release(supervisor);
        supervisor_lock(supervisor);
        return link_new(supervisor, &supervisor->link);
}

void supervisor_clear(Supervisor *supervisor) {
        /* Those that have wakers and scripts of their own come first. */
        grant_end_all(supervisor);
        supervisor->lease = lease_free(supervisor->lease);
        waker_end_all(supervisor);
        supervisor->ahead = look_ahead_free(supervisor->ahead);
        script_withdraw_all(supervisor);
        supervisor->link = link_free(supervisor->link);
        supervisor->where = where_free(supervisor->where);
        sd_event_source_disable_unref(supervisor->exec_source);
        sd_event_source_disable_unref(supervisor->kill_timer);
        sd_event_source_disable_unref(supervisor->remains_timer);
        sd_event_source_disable_unref(supervisor->exit_timer);
        child_close(&supervisor->child);
        close_fd(&supervisor->lock);
        g_clear_pointer(&supervisor->helpers, g_hash_table_unref);
        g_free(supervisor->failure_reason);
        g_free(supervisor->python_version);
        g_free(supervisor->working_directory);
        sd_event_unref(supervisor->event);
}

bool supervisor_asks_to_end(int signal) {
        return signal == SIGTERM || signal == SIGINT || signal == SIGHUP || signal == SIGQUIT;
}

void supervisor_note_signal(Supervisor *supervisor, int signal) {
        if (supervisor_asks_to_end(signal))
                supervisor->asked_to_end = true;
}

void supervisor_signal(Supervisor *supervisor, int signal) {
        supervisor_note_signal(supervisor, signal);
        child_kill(&supervisor->child, signal);
}

static void signal_process(pid_t pid, int signal) {
        autofd pidfd = process_open(pid);

        /* The pid may have been used again since it was read; what is not below us any more is not ours to signal. */
        if (pidfd >= 0 && process_is_descendant(pid, getpid()) > 0)
                syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);
}

int supervisor_signal_all(Supervisor *supervisor, int signal) {
        g_autofree pid_t *pids = NULL;
        int count = process_descendants(getpid(), DESCENDANTS_MAX, &pids);

        if (count < 0)
                return count;
        supervisor_note_signal(supervisor, signal);
        for (int i = 0; i < count; i++)
                if (!supervisor_is_helper(supervisor, pids[i]))
                        signal_process(pids[i], signal);
        return 0;
}

static int on_kill_timer(sd_event_source *source, uint64_t usec, void *userdata) {
        Supervisor *supervisor = userdata;

        log_info("The job did not end in its grace period and is killed.");
        if (supervisor_signal_all(supervisor, SIGKILL) < 0)
                child_kill(&supervisor->child, SIGKILL);
        return 0;
}

int supervisor_stop(Supervisor *supervisor, uint64_t grace) {
        int r;

        supervisor->kill_timer = sd_event_source_disable_unref(supervisor->kill_timer);
        r = sd_event_add_time_relative(
                supervisor->event, &supervisor->kill_timer, CLOCK_MONOTONIC, grace, 0, on_kill_timer, supervisor);
        if (r < 0)
                return r;
        supervisor_signal(supervisor, SIGTERM);
        supervisor_signal(supervisor, SIGCONT); /* a stopped job would not notice */
        return 0;
}

int supervisor_restart(Supervisor *supervisor, uint64_t grace) {
        int r = supervisor_stop(supervisor, grace);

        if (r < 0)
                return r;
        supervisor->restarting = true;
        link_update(supervisor->link);
        return 0;
}

void supervisor_cancel_restart(Supervisor *supervisor) {
        if (!supervisor->restarting)
                return;
        supervisor->restarting = false;
        if (!link_tell_end(supervisor->link))
                supervisor_not_told(supervisor);
}
