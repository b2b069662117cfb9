/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* stack: what every thread of a job is doing, whatever state the job is in. */

#include <stdlib.h>

#include "client/connection.h"
#include "client/interpreter.h"
#include "client/job-script.h"
#include "client/lease.h"
#include "client/pager.h"
#include "client/process-list.h"
#include "client/report.h"
#include "client/stack-run.h"
#include "client/target.h"

typedef struct StackOptions {
        gboolean json, no_pager;
} StackOptions;

static int show(JobWatch *watch, const TargetOptions *options, const StackOptions *stack, sd_bus_error *error) {
        LeaseRequest request = {
                .target = (uint32_t) options->pid, .force = options->force, .deadline = options->deadline
        };
        pid_t target = target_pid(options, watch);
        g_auto(Interpreter) interpreter = { NULL };
        g_autofree char *version = NULL;
        autofd lease = -1;
        int r;

        lease = lease_take(watch, &request, error);
        if (lease < 0)
                return lease;
        version = process_list_version(watch, (uint32_t) target);
        r = interpreter_find(target, version, &interpreter, error);
        if (r < 0)
                return r;
        pager_open(!stack->no_pager);
        r = stack_run(&interpreter, watch->info->name, target, stack->json ? "json" : "text",
                job_script_time_left(options->deadline));
        if (pager_close())
                r = 0;
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int parse(
        const Verb *verb, TargetOptions *options, StackOptions *stack, int argc, char **argv, const char **ret_name) {
        const GOptionEntry entries[] = {
                OPTIONS_TARGET(options),
                OPTION_JSON(&stack->json),
                OPTION_NO_PAGER(&stack->no_pager),
                { NULL },
        };
        int r;

        r = options_parse_job(verb, entries, &options->job, argc, argv, ret_name);
        if (r <= 0)
                return r;
        r = target_options_check(verb, options);
        return r < 0 ? r : 1;
}

int verb_stack(const Verb *verb, int argc, char **argv) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        g_autoptr(Connection) connection = NULL;
        g_autoptr(JobWatch) watch = NULL;
        g_auto(TargetOptions) options = { .seconds = TARGET_TIMEOUT };
        StackOptions stack = { 0 };
        const char *name;
        int r;

        r = parse(verb, &options, &stack, argc, argv, &name);
        if (r <= 0)
                return options_exit_code(r);
        r = target_open(&options, name, &connection, &watch, &error);
        if (r >= 0)
                r = show(watch, &options, &stack, &error);
        if (r < 0) {
                target_report_failure(watch, &error, r);
                return EXIT_FAILURE;
        }
        return r;
}
