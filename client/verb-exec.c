/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* exec: run any tracer on a job, which permits it for as long as it runs. */

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "client/client-error.h"
#include "client/connection.h"
#include "client/foreground.h"
#include "client/lease.h"
#include "client/report.h"
#include "client/target.h"
#include "helicopter/exit-code.h"

#define PLACEHOLDER "{pid}"

/* The tool's arguments with the pid in them, owned by the caller. */
static char **fill_in(char **argv, pid_t pid) {
        g_autofree char *number = g_strdup_printf("%d", (int) pid);
        char **filled = g_strdupv(argv);

        for (char **argument = filled; *argument; argument++) {
                g_auto(GStrv) parts = g_strsplit(*argument, PLACEHOLDER, -1);

                g_free(*argument);
                *argument = g_strjoinv(number, parts);
        }
        return filled;
}

static bool has_placeholder(char **argv) {
        for (; *argv; argv++)
                if (strstr(*argv, PLACEHOLDER))
                        return true;
        return false;
}

static void on_lost(Foreground *foreground) {
        report_error("Job %s was taken over by process %u; %s goes on, but may be refused what it does next",
                foreground->watch->info->name, foreground->watch->info->tracer_pid, foreground->argv[0]);
        report_remedy(CLIENT_ERROR_TAKEN_OVER);
}

static int exit_code(int status) {
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int cannot_run(const char *tool, int r) {
        report_error("Cannot run %s: %s", tool, g_strerror(-r));
        report_remedy(CLIENT_ERROR_CANNOT_RUN);
        return r == -ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
}

/* Run the tool. Returns the exit code. */
static int run(JobWatch *watch, const TargetOptions *options, char **argv) {
        g_auto(GStrv) filled = fill_in(argv, target_pid(options, watch));
        g_autofree char *file = strchr(filled[0], '/') ? g_strdup(filled[0]) : g_find_program_in_path(filled[0]);
        Foreground foreground = { .file = file, .argv = filled, .pass_fd = -1, .watch = watch, .lost = on_lost };
        int r;

        if (!file)
                return cannot_run(filled[0], -ENOENT);
        fflush(stdout);
        r = foreground_run(&foreground);
        return r < 0 ? cannot_run(filled[0], r) : exit_code(r);
}

static int take_and_run(TargetOptions *options, const char *name, char **argv, sd_bus_error *error) {
        g_autoptr(Connection) connection = NULL;
        g_autoptr(JobWatch) watch = NULL;
        LeaseRequest request;
        autofd lease = -1;
        int r;

        r = target_open(options, name, &connection, &watch, error);
        if (r < 0)
                return r;
        request = (LeaseRequest) {
                .target = (uint32_t) options->pid, .force = options->force, .deadline = options->deadline
        };
        lease = lease_take(watch, &request, error);
        if (lease < 0)
                client_error_name_job(error, watch->info->name);
        return lease < 0 ? lease : run(watch, options, argv);
}

static int check(const Verb *verb, char **argv) {
        if (!argv[1])
                return options_usage(verb, "No tool was named");
        if (!has_placeholder(argv + 1))
                return options_usage(
                        verb, "No argument has " PLACEHOLDER " in it, which stands for the pid of the job");
        return 0;
}

/* A word alone in front of the "--" is the job's name, as kubectl(1) has it. words: the line as it was typed. */
static const char *take_name(char *const *words, int *argc, char **argv) {
        const char *before = "", *name = argv[1];

        if (*argc < 3 || strcmp(argv[2], "--") != 0)
                return NULL;
        for (; *words && *words != name; words++)
                before = *words;
        if (strcmp(before, "--") == 0) /* then it is the tool that takes a "--" */
                return NULL;
        *argc -= 2;
        memmove(argv + 1, argv + 3, (size_t) *argc * sizeof *argv);
        return name;
}

int verb_exec(const Verb *verb, int argc, char **argv) {
        g_autofree char **words = g_memdup2(argv, sizeof *argv * (size_t) (argc + 1));
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        g_auto(TargetOptions) options = { .seconds = TARGET_TIMEOUT };
        const char *name;
        int r;

        r = target_options_parse(verb, &options, &argc, &argv);
        if (r <= 0)
                return options_exit_code(r);
        name = take_name(words, &argc, argv);
        if (name && options.job)
                return options_usage(verb, "Only one job can be named");
        r = check(verb, argv);
        if (r > 0)
                return r;
        r = take_and_run(&options, name ?: options.job, argv + 1, &error);
        if (r < 0) {
                report_failure(&error, r);
                return EXIT_OWN_FAILURE;
        }
        return r;
}
