/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/verb.h"

#include <glib.h>
#include <string.h>

static const Verb verbs[] = {
        { "run", "[OPTION…] [--] COMMAND [ARG…]", "Start a job", verb_run, .command = true },
        { "attach", "[OPTION…] [NAME]", "Debug a job with pdb", verb_attach, .prompted = true },
        { "exec", "[OPTION…] -- TOOL [ARG…]", "Run another debugger or profiler; {pid} stands for the job's pid",
                verb_exec, .command = true, .prompted = true },
        { "stack", "[OPTION…] [NAME]", "Show what every thread is doing", verb_stack, .prompted = true },
        { "inject", "[OPTION…] [NAME] SCRIPT", "Have a job run a Python script; '-' is stdin", verb_inject,
                .prompted = true },
        { "list", "", "List the jobs", verb_list, .prompted = true },
        { "status", "[NAME]", "Show what is known of a job", verb_status, .prompted = true },
        { "ps", "[OPTION…] [NAME]", "List a job's processes", verb_ps, .prompted = true },
        { "stop", "[OPTION…] [NAME]", "Stop a job", verb_stop, .prompted = true },
        { "forget", "NAME", "Drop a job that has ended from the list", verb_forget, .prompted = true },
        { "terminate", "", "Stop all jobs and the daemon", verb_terminate, .prompted = true, .ends = true },
};

const Verb *verb_find(const char *name) {
        for (size_t i = 0; i < G_N_ELEMENTS(verbs); i++)
                if (strcmp(verbs[i].name, name) == 0)
                        return &verbs[i];
        return NULL;
}

const Verb *verb_next(const Verb *verb) {
        if (!verb)
                return verbs;
        return verb + 1 < verbs + G_N_ELEMENTS(verbs) ? verb + 1 : NULL;
}
