/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* attach: get the permission to trace a job, hold it for a session of pdb, give it back. */

#include <stdlib.h>
#include <string.h>

#include "client/attach-report.h"
#include "client/client-error.h"
#include "client/connection.h"
#include "client/interpreter.h"
#include "client/job-script.h"
#include "client/lease.h"
#include "client/obstacle.h"
#include "client/process-list.h"
#include "client/report.h"
#include "client/session.h"
#include "client/target.h"
#include "helicopter/bus-names.h"
#include "helicopter/error.h"

typedef struct AttachOptions {
        TargetOptions target;
        gboolean no_grant, no_wake;
        char *via, *wake;
        char **commands;
} AttachOptions;

static void attach_options_clear(AttachOptions *options) {
        target_options_clear(&options->target);
        g_free(options->via);
        g_free(options->wake);
        g_strfreev(options->commands);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AttachOptions, attach_options_clear)

static int check_word(const Verb *verb, const char *option, const char *word, const char *const *words) {
        g_autofree char *known = g_strjoinv(", ", (char **) words);

        if (!word || g_strv_contains(words, word))
                return 0;
        options_usage(verb, "--%s takes one of these: %s", option, known);
        return -EINVAL;
}

static int check(const Verb *verb, AttachOptions *options) {
        static const char *const ways[] = { "auto", "syscall", "remote-exec", NULL };
        static const char *const modes[] = { "auto", "force", "off", NULL };

        if (check_word(verb, "via", options->via, ways) < 0 || check_word(verb, "wake", options->wake, modes) < 0)
                return -EINVAL;
        if (options->no_wake && options->wake && strcmp(options->wake, "off") != 0) {
                options_usage(verb, "--no-wake and --wake=%s contradict each other", options->wake);
                return -EINVAL;
        }
        if (options->no_grant && options->via) {
                options_usage(verb, "--no-grant and --via contradict each other");
                return -EINVAL;
        }
        return target_options_check(verb, &options->target);
}

static int parse(const Verb *verb, AttachOptions *options, int argc, char **argv, const char **ret_name) {
        const GOptionEntry entries[] = {
                OPTIONS_TARGET(&options->target),
                { "command", 'c', 0, G_OPTION_ARG_STRING_ARRAY, &options->commands,
                        "Run this pdb command at the first prompt; can be repeated", "CMD" },
                { "wake", 0, 0, G_OPTION_ARG_STRING, &options->wake,
                        "Interrupt a blocked call: auto, force (others' than Python's, too), off", "MODE" },
                { "no-wake", 0, 0, G_OPTION_ARG_NONE, &options->no_wake, "The same as --wake=off", NULL },
                { "via", 0, 0, G_OPTION_ARG_STRING, &options->via,
                        "How the permission is made: auto, syscall, remote-exec", "WAY" },
                { "no-grant", 0, 0, G_OPTION_ARG_NONE, &options->no_grant,
                        "Do without a permission; the job keeps its own PR_SET_PTRACER", NULL },
                { NULL },
        };
        int r;

        r = options_parse_job(verb, entries, &options->target.job, argc, argv, ret_name);
        if (r <= 0)
                return r;
        r = check(verb, options);
        return r < 0 ? r : 1;
}

/* Yama's setting now. */
static int get_scope(Connection *connection, int *ret_scope, sd_bus_error *error) {
        int r;

        r = sd_bus_get_property_trivial(connection->bus, connection->destination, HELICOPTER_OBJECT,
                HELICOPTER_MANAGER_INTERFACE, "PtraceScope", error, 'i', ret_scope);
        return r < 0 ? client_error_translate(error, r) : 0;
}

static void report_permission(int scope) {
        if (scope == 1)
                report_note("%sPermission granted", report_utf8() ? "✅ " : "");
        else if (scope == 0)
                report_note("No permission is needed: kernel.yama.ptrace_scope is 0");
        else
                report_note("No permission is needed: this kernel has no Yama");
}

/* Returns the lease, or a negative errno with *error set. */
static int ask_permission(JobWatch *watch, const AttachOptions *options, sd_bus_error *error) {
        LeaseRequest request = {
                .target = (uint32_t) options->target.pid,
                .force = options->target.force,
                .python = true,
                .reserve = options->no_grant,
                .via = options->via,
                .deadline = options->target.deadline,
        };
        int scope, lease, r;

        r = get_scope(watch->connection, &scope, error);
        if (r < 0)
                return r;
        if (scope >= 2)
                return client_error_set(error, HELICOPTER_ERROR_PTRACE_DISABLED, EPERM,
                        "Job %s cannot be debugged: kernel.yama.ptrace_scope is %d", watch->info->name, scope);
        /* It may take a while, which is of interest to somebody who looks on. */
        if (scope == 1 && !options->no_grant && isatty(STDERR_FILENO))
                report_note("Requesting ptrace permission for client PID %d...", (int) getpid());
        lease = lease_take(watch, &request, error);
        if (lease < 0)
                obstacle_explain_disabled(target_pid(&options->target, watch), error);
        else if (options->no_grant)
                report_note("No permission was asked for, the job is reserved");
        else
                report_permission(scope);
        return lease;
}

/* Those who name a job whose work is done by others may want one of these. */
static void report_workers(const JobWatch *watch) {
        g_autoptr(GPtrArray) processes = NULL;
        unsigned workers = 0;

        process_list_get(watch->connection, watch->info->object, &processes, NULL);
        for (guint i = 1; processes && i < processes->len; i++) {
                const JobProcess *process = g_ptr_array_index(processes, i);

                workers += *process->python_version != '\0';
        }
        if (workers > 0)
                report_note(
                        "Job %s has %u worker process%s; 'helicopter-client ps %s' lists them, --pid attaches to one.",
                        watch->info->name, workers, workers > 1 ? "es" : "", watch->info->name);
}

typedef struct Begin {
        JobWatch *watch;
        const AttachOptions *options;
        Stage *stage;
} Begin;

/* The debugger's interpreter is being started, which is the time to tell the user. */
static void on_begun(void *userdata) {
        Begin *begin = userdata;
        pid_t target = target_pid(&begin->options->target, begin->watch);

        if (target == (pid_t) begin->watch->info->pid)
                report_workers(begin->watch);
        stage_begin(begin->stage, target, begin->options->no_grant ? "reserved" : "granted");
}

/* What the daemon knows of the main process, owned by the caller; NULL: nothing. The Grant may have found it out. */
static char *get_main_version(const JobWatch *watch) {
        char *version = NULL, *known = NULL;

        if (watch->info->python_version && *watch->info->python_version)
                return g_strdup(watch->info->python_version);
        if (sd_bus_get_property_string(watch->connection->bus, watch->connection->destination, watch->info->object,
                    HELICOPTER_JOB_INTERFACE, "PythonVersion", NULL, &version) < 0)
                return NULL;
        if (version && *version)
                known = g_strdup(version);
        free(version);
        return known;
}

/* The version of the target's Python, owned by the caller; NULL: not known. */
static char *get_version(JobWatch *watch, const AttachOptions *options) {
        pid_t target = target_pid(&options->target, watch);
        char *version = target == (pid_t) watch->info->pid ? get_main_version(watch) : NULL;

        return version ?: process_list_version(watch, (uint32_t) target);
}

/* Run the debugger. Returns a SessionEnd. */
static int debug(JobWatch *watch, const AttachOptions *options, const Interpreter *interpreter, const char *version) {
        Stage stage = { .open = false };
        Begin begin = { .watch = watch, .options = options, .stage = &stage };
        Session session = {
                .interpreter = interpreter,
                .version = version,
                .commands = options->commands,
                .control = SESSION_CONTROL_NONE,
                .begun = on_begun,
                .userdata = &begin,
        };
        int r;

        session.control.watch = watch;
        session.control.target = target_pid(&options->target, watch);
        session.control.wake = options->no_wake ? "off" : options->wake;
        session.control.deadline = options->target.deadline;
        session.control.stage = &stage;
        r = session_run(&session);
        attach_report_session(&session, r, !options->no_grant);
        session_control_clear(&session.control);
        return session.foreground.taken_over ? SESSION_FAILED : r;
}

/* Whether a blocked call is interrupted where CPython made it. */
static bool wakes(const AttachOptions *options) {
        return !options->no_wake && (!options->wake || strcmp(options->wake, "auto") == 0);
}

static int attach(JobWatch *watch, const AttachOptions *options, sd_bus_error *error) {
        g_auto(Interpreter) interpreter = { NULL };
        g_autofree char *version = NULL;
        autofd lease = -1;
        int r;

        r = obstacle_network(target_pid(&options->target, watch), error);
        if (r < 0)
                return r;
        lease = ask_permission(watch, options, error);
        if (lease < 0)
                return lease;
        if (wakes(options))
                job_script_look_ahead(watch, target_pid(&options->target, watch));
        version = get_version(watch, options);
        r = interpreter_find(target_pid(&options->target, watch), version, &interpreter, error);
        if (r < 0)
                return r;
        r = debug(watch, options, &interpreter, version);
        close_fd(&lease);
        if (r == SESSION_HELD)
                attach_report_job(watch);
        return r == SESSION_HELD ? EXIT_SUCCESS : EXIT_FAILURE;
}

int verb_attach(const Verb *verb, int argc, char **argv) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        g_auto(AttachOptions) options = { .target = { .seconds = TARGET_TIMEOUT } };
        g_autoptr(Connection) connection = NULL;
        g_autoptr(JobWatch) watch = NULL;
        const char *name;
        int r;

        r = parse(verb, &options, argc, argv, &name);
        if (r <= 0)
                return options_exit_code(r);
        r = target_open(&options.target, name, &connection, &watch, &error);
        if (r >= 0)
                r = attach(watch, &options, &error);
        if (r < 0) {
                target_report_failure(watch, &error, r);
                return EXIT_FAILURE;
        }
        return r;
}
