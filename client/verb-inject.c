/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* inject: have a job run a script, and show what it says. */

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "client/client-error.h"
#include "client/connection.h"
#include "client/inject-channel.h"
#include "client/job-script.h"
#include "client/lease.h"
#include "client/obstacle.h"
#include "client/report.h"
#include "client/target.h"
#include "helicopter/error.h"
#include "helicopter/process.h"

static int read_script(const char *file, InjectChannel *channel, sd_bus_error *error) {
        autofd source = strcmp(file, "-") == 0 ? dup(STDIN_FILENO) : open(file, O_RDONLY | O_CLOEXEC);
        int r = source < 0 ? -errno : inject_channel_open(channel, source);

        return r < 0 ? client_error_set(error, CLIENT_ERROR_NO_SCRIPT, -r, "Cannot read %s: %s", file, g_strerror(-r))
                     : 0;
}

/* Have the job begin. Returns 0 and the script's guard, or a negative errno with *error set. */
static int begin(JobWatch *watch, const TargetOptions *options, const InjectChannel *channel, int *ret_guard,
        sd_bus_error *error) {
        g_autofree char *reason = NULL;
        autofd script = -1;
        uint32_t thread;
        int r;

        script = inject_channel_wrap(channel);
        if (script < 0)
                return sd_bus_error_set_errno(error, script);
        r = job_script_run(
                watch, target_pid(options, watch), script, NULL, options->deadline, ret_guard, &thread, &reason, error);
        if (r >= 0 && thread > 0)
                report_note("It runs in thread %u, not the main one: %s", thread, reason);
        return r;
}

static int wait_for_end(InjectChannel *channel, pid_t target, uint64_t deadline, sd_bus_error *error) {
        autofd pidfd = process_open(target);
        int r = inject_channel_wait(channel, pidfd, deadline);

        switch (r) {
        case -ETIMEDOUT:
                if (!channel->begun)
                        return client_error_set(error, HELICOPTER_ERROR_TIMEOUT, ETIMEDOUT,
                                "the script has not begun in process %d", (int) target);
                return client_error_set(
                        error, CLIENT_ERROR_STILL_RUNS, ETIMEDOUT, "the script still runs in process %d", (int) target);
        case -ESRCH:
                return client_error_set(
                        error, HELICOPTER_ERROR_TARGET_GONE, ESRCH, "process %d has ended", (int) target);
        case -ECONNRESET:
                return client_error_set(
                        error, CLIENT_ERROR_LOST_SCRIPT, EIO, "the script in process %d ended abruptly", (int) target);
        default:
                return r;
        }
}

static void report_dropped(const JobWatch *watch) {
        report_error("Job %s: the script wrote more than is kept; the rest was dropped", watch->info->name);
        report_remedy(CLIENT_ERROR_DROPPED);
}

/* Returns the exit code, or a negative errno with *error set. */
static int run(JobWatch *watch, const TargetOptions *options, InjectChannel *channel, sd_bus_error *error) {
        LeaseRequest request = {
                .target = (uint32_t) options->pid,
                .force = options->force,
                .python = true,
                .reserve = true,
                .deadline = options->deadline,
        };
        pid_t target = target_pid(options, watch);
        autofd lease = -1, guard = -1;
        int r;

        r = obstacle_pids(target, error);
        if (r < 0)
                return r;
        lease = lease_take(watch, &request, error);
        if (lease < 0) {
                obstacle_explain_disabled(target, error);
                return lease;
        }
        r = begin(watch, options, channel, &guard, error);
        if (r < 0)
                return r;
        r = wait_for_end(channel, target, options->deadline, error);
        fflush(stdout);
        inject_channel_copy(channel);
        if (channel->dropped)
                report_dropped(watch);
        if (r < 0)
                return r;
        return channel->raised ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int check(const Verb *verb, const TargetOptions *options, int argc) {
        if (argc < 2)
                return options_usage(verb, "No script was named");
        if (argc > 3 || (argc > 2 && options->job))
                return options_usage(verb, "One job and one script can be named");
        return 0;
}

int verb_inject(const Verb *verb, int argc, char **argv) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        g_auto(TargetOptions) options = { .seconds = TARGET_TIMEOUT };
        InjectChannel channel = INJECT_CHANNEL_NONE;
        g_autoptr(Connection) connection = NULL;
        g_autoptr(JobWatch) watch = NULL;
        int r;

        r = target_options_parse(verb, &options, &argc, &argv);
        if (r <= 0)
                return options_exit_code(r);
        r = check(verb, &options, argc);
        if (r > 0)
                return r;
        r = read_script(argv[argc - 1], &channel, &error);
        if (r >= 0)
                r = target_open(&options, argc > 2 ? argv[1] : options.job, &connection, &watch, &error);
        if (r >= 0)
                r = run(watch, &options, &channel, &error);
        inject_channel_close(&channel);
        if (r < 0) {
                target_report_failure(watch, &error, r);
                return EXIT_FAILURE;
        }
        return r;
}
