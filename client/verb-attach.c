/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* attach: get the permission to trace a job, hold it for a session of pdb, give it back. */

#include <fcntl.h>
#include <stdlib.h>

#include "client/client-error.h"
#include "client/connection.h"
#include "client/interpreter.h"
#include "client/job-lookup.h"
#include "client/job-wait.h"
#include "client/options.h"
#include "client/report.h"
#include "client/session.h"
#include "helicopter/bus-names.h"
#include "helicopter/error.h"
#include "helicopter/process.h"

#define DEFAULT_TIMEOUT 10.0

/* The daemon may need this long to tell of a job's end, or to come back. */
#define END_TIMEOUT (2 * G_USEC_PER_SEC)

typedef struct AttachOptions {
        char *job;
        int pid;
        gboolean force;
        uint64_t timeout;
} AttachOptions;

static int parse(const Verb *verb, AttachOptions *options, int *argc, char ***argv) {
        double seconds = DEFAULT_TIMEOUT;
        const GOptionEntry entries[] = {
                OPTION_JOB(&options->job),
                { "pid", 'p', 0, G_OPTION_ARG_INT, &options->pid, "Debug this process of a job (default: its main one)",
                        "PID" },
                { "force", 'f', 0, G_OPTION_ARG_NONE, &options->force, "Take the job over from another tracer", NULL },
                { "timeout", 't', 0, G_OPTION_ARG_DOUBLE, &seconds, "Seconds to wait for the job (default: 10)", "S" },
                { NULL },
        };
        int r;

        r = options_parse(verb, entries, argc, argv);
        if (r <= 0)
                return r;
        if (options->pid < 0) {
                options_usage(verb, "--pid takes the number of a process");
                return -EINVAL;
        }
        r = options_seconds(verb, "timeout", seconds, &options->timeout);
        return r < 0 ? r : 1;
}

static int find(Connection *connection, const AttachOptions *options, const char *name, JobWatch **ret_watch,
        sd_bus_error *error) {
        g_autofree char *object = NULL;
        int r;

        if (!name && options->pid > 0)
                r = job_lookup_pid(connection, (uint32_t) options->pid, &object, error);
        else
                r = job_lookup(connection, name, &object, error);
        return r < 0 ? r : job_watch_open(connection, object, ret_watch, error);
}

/* Yama's setting now. */
static int get_scope(Connection *connection, int *ret_scope, sd_bus_error *error) {
        int r;

        r = sd_bus_get_property_trivial(connection->bus, connection->destination, HELICOPTER_OBJECT,
                HELICOPTER_MANAGER_INTERFACE, "PtraceScope", error, 'i', ret_scope);
        return r < 0 ? client_error_translate(error, r) : 0;
}

static int append_grant_options(sd_bus_message *call, const AttachOptions *options) {
        if (options->force)
                return sd_bus_message_append(call, "a{sv}", 2, "python", "b", true, "force", "b", true);
        return sd_bus_message_append(call, "a{sv}", 1, "python", "b", true);
}

/* Ask for the permission. Returns the lease, or a negative errno with *error set. */
static int grant(JobWatch *watch, const AttachOptions *options, sd_bus_error *error) {
        g_autoptr(sd_bus_message) call = NULL, reply = NULL;
        int r, lease;

        r = connection_prepare(watch->connection, watch->info->object, HELICOPTER_JOB_INTERFACE, "Grant", &call);
        if (r >= 0)
                r = sd_bus_message_append(call, "u", (uint32_t) options->pid);
        if (r >= 0)
                r = append_grant_options(call, options);
        if (r < 0)
                return sd_bus_error_set_errno(error, r);
        r = connection_send(watch->connection, call, options->timeout, &reply, error);
        if (r < 0)
                return r;
        r = sd_bus_message_read(reply, "h", &lease);
        if (r < 0)
                return sd_bus_error_set_errno(error, r);
        lease = fcntl(lease, F_DUPFD_CLOEXEC, 3);
        return lease < 0 ? sd_bus_error_set_errno(error, -errno) : lease;
}

static int ask_permission(JobWatch *watch, const AttachOptions *options, sd_bus_error *error) {
        int scope, lease, r;

        r = get_scope(watch->connection, &scope, error);
        if (r < 0)
                return r;
        if (scope >= 2)
                return client_error_set(error, HELICOPTER_ERROR_PTRACE_DISABLED, EPERM,
                        "Job %s cannot be debugged: kernel.yama.ptrace_scope is %d", watch->info->name, scope);
        /* It may take a while, which is of interest to somebody who looks on. */
        if (scope == 1 && isatty(STDERR_FILENO))
                report_note("Requesting ptrace permission for client PID %d...", (int) getpid());
        lease = grant(watch, options, error);
        if (lease < 0)
                return lease;
        if (scope == 1)
                report_note("%sPermission granted", report_utf8() ? "✅ " : "");
        else if (scope == 0)
                report_note("No permission is needed: kernel.yama.ptrace_scope is 0");
        else
                report_note("No permission is needed: this kernel has no Yama");
        return lease;
}

/* What became of the job, as far as that can be known. */
static void report_job(JobWatch *watch) {
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

/* What the attach script could not tell, and what to do about what it told. */
static void report_session(const Session *session, int end) {
        if (session->taken_over) {
                report_error("Job %s was taken over by process %u", session->watch->info->name,
                        session->watch->info->tracer_pid);
                return;
        }
        if (end == SESSION_ENDED && session->target_gone) {
                report_error("Process %d ended before it could be debugged", (int) session->target);
                end = SESSION_TARGET_GONE;
        }
        if (session_remedy(end))
                report_remedy(session_remedy(end));
}

/* Run the debugger. Returns a SessionEnd. */
static int debug(JobWatch *watch, const AttachOptions *options, const Interpreter *interpreter) {
        Session session = {
                .interpreter = interpreter,
                .target = options->pid > 0 ? options->pid : (pid_t) watch->info->pid,
                .timeout = options->timeout,
                .watch = watch,
        };
        int r;

        report_note("\nAttaching pdb to target PID %d...", (int) session.target);
        report_note("Type pdb commands (list, next, print, etc.) or 'quit' to detach\n");
        r = session_run(&session);
        if (r < 0) {
                report_error("Cannot run %s: %s", interpreter->file, g_strerror(-r));
                return SESSION_FAILED;
        }
        report_session(&session, r);
        return session.taken_over ? SESSION_FAILED : r;
}

static int attach(JobWatch *watch, const AttachOptions *options, sd_bus_error *error) {
        g_auto(Interpreter) interpreter = { NULL };
        autofd lease = -1;
        int r;

        lease = ask_permission(watch, options, error);
        if (lease < 0)
                return lease;
        r = interpreter_find(options->pid > 0 ? options->pid : (pid_t) watch->info->pid, watch->info->python_version,
                &interpreter, error);
        if (r < 0)
                return r;
        r = debug(watch, options, &interpreter);
        close_fd(&lease);
        if (r == SESSION_HELD)
                report_job(watch);
        return r == SESSION_HELD ? EXIT_SUCCESS : EXIT_FAILURE;
}

int verb_attach(const Verb *verb, int argc, char **argv) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        g_autoptr(Connection) connection = NULL;
        g_autoptr(JobWatch) watch = NULL;
        AttachOptions options = { NULL };
        g_autofree char *option = NULL;
        const char *name;
        int r;

        r = parse(verb, &options, &argc, &argv);
        option = options.job;
        if (r > 0)
                r = options_job_name(verb, option, argc, argv, &name) ?: 1;
        if (r <= 0)
                return options_exit_code(r);
        r = connection_open(&connection, &error);
        if (r >= 0)
                r = find(connection, &options, name, &watch, &error);
        if (r >= 0)
                r = attach(watch, &options, &error);
        if (r < 0) {
                report_failure(&error, r);
                return EXIT_FAILURE;
        }
        return r;
}
