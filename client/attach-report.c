/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/attach-report.h"

#include "client/client-error.h"
#include "client/obstacle.h"
#include "client/report.h"
#include "client/stack-run.h"
#include "client/target.h"
#include "helicopter/cleanup.h"
#include "helicopter/error.h"
#include "helicopter/process.h"

/* The daemon may need this long to tell of a job's end, or to come back. */
#define END_TIMEOUT (2 * G_USEC_PER_SEC)

/* After the deadline; it takes a tenth of a second, as a rule. */
#define STACK_TIMEOUT (3 * G_USEC_PER_SEC)

void attach_report_job(JobWatch *watch) {
        uint64_t deadline = (uint64_t) g_get_monotonic_time() + END_TIMEOUT;
        g_autofree char *outcome = NULL;
        autofd pidfd = process_open((pid_t) watch->info->pid);
        bool alive = pidfd >= 0 && process_alive(pidfd);

        /* The end of the process is seen at once, what the daemon says of it a little later. */
        if (!alive)
                job_watch_end(watch, deadline);
        if (job_info_ended(watch->info)) {
                outcome = job_info_outcome(watch->info);
                report_note("Debugger detached, job %s %s", watch->info->name, outcome);
        } else if (alive) {
                report_note("Debugger detached, job %s still running", watch->info->name);
        } else {
                report_note("Debugger detached, job %s has ended", watch->info->name);
        }
}

/* Why nothing came of it, when the process is still there. */
static void report_causes(const Session *session, bool permitted) {
        pid_t target = session->control.target;

        obstacle_report(target, session->control.error.message);
        if (!permitted)
                return;
        report_note("Its threads:");
        stack_run(session->interpreter, session->control.watch->info->name, target, "brief", STACK_TIMEOUT);
}

static bool is_about_time(const sd_bus_error *error) {
        return sd_bus_error_has_name(error, HELICOPTER_ERROR_BLOCKED) ||
                sd_bus_error_has_name(error, HELICOPTER_ERROR_TIMEOUT);
}

static void report_refusal(Session *session, bool permitted) {
        const sd_bus_error *error = &session->control.error;

        target_report_failure(session->control.watch, &session->control.error, -EIO);
        if (is_about_time(error))
                report_causes(session, permitted);
}

static void report_early_end(const Session *session, int end) {
        const char *name = session->control.watch->info->name;

        if (end == SESSION_ENDED && session->target_gone)
                report_error(
                        "Job %s: process %d ended before it could be debugged", name, (int) session->control.target);
        else if (end == SESSION_ENDED)
                report_error("Job %s: the debugger was ended by a signal", name);
}

void attach_report_session(Session *session, int end, bool permitted) {
        const Foreground *foreground = &session->foreground;
        const JobInfo *info = session->control.watch->info;
        Stage *stage = session->control.stage;

        /* What the script had to say began with the end of that line. */
        if (end < 0 || end == SESSION_ENDED || end == SESSION_REFUSED || foreground->taken_over)
                stage_end(stage);
        if (end < 0) {
                report_error("Job %s: cannot run %s: %s", info->name, session->interpreter->file, g_strerror(-end));
                report_remedy(CLIENT_ERROR_NO_INTERPRETER);
        } else if (foreground->taken_over) {
                report_error("Job %s was taken over by process %u", info->name, info->tracer_pid);
                report_remedy(CLIENT_ERROR_TAKEN_OVER);
        } else if (end == SESSION_REFUSED) {
                report_refusal(session, permitted);
        } else {
                report_early_end(session, end);
                if (session->target_gone && end == SESSION_ENDED)
                        end = SESSION_TARGET_GONE;
                if (session_remedy(end))
                        report_remedy(session_remedy(end));
                if (end == SESSION_NO_ANSWER)
                        report_causes(session, permitted);
        }
}
