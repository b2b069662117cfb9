/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/verb.h"

#include <glib.h>
#include <string.h>

#include "client/name-match.h"

static const Verb verbs[] = {
        { "run", "[OPTION…] [--] COMMAND [ARG…]", "Start a job", verb_run, .command = true },
        { "attach", "[OPTION…] [NAME]", "Debug a job with pdb", verb_attach, .jobs = JOBS_RUNNING },
        { "exec", "[OPTION…] [NAME] -- TOOL [ARG…]", "Run a tool such as gdb; {pid} is the job's pid", verb_exec,
                .jobs = JOBS_RUNNING, .command = true },
        { "stack", "[OPTION…] [NAME]", "Show what every thread is doing", verb_stack, .jobs = JOBS_RUNNING },
        { "inject", "[OPTION…] [NAME] SCRIPT", "Have a job run a Python script; '-' is stdin", verb_inject,
                .jobs = JOBS_RUNNING, .files = true },
        { "list", "[OPTION…]", "List the jobs", verb_list, .alias = "ls" },
        { "status", "[OPTION…] [NAME]", "Show what is known of a job", verb_status, .jobs = JOBS_ALL },
        { "ps", "[OPTION…] [NAME]", "List a job's processes", verb_ps, .jobs = JOBS_RUNNING },
        { "logs", "[OPTION…] [NAME]", "Show what a job has written", verb_logs, .jobs = JOBS_ALL },
        { "wait", "[OPTION…] [NAME]", "Wait for a job's end, and exit as it does", verb_wait, .jobs = JOBS_ALL },
        { "stop", "[OPTION…] [NAME]", "Stop a job", verb_stop, .jobs = JOBS_RUNNING },
        { "restart", "[OPTION…] [NAME]", "Stop a job, and start it again as it was started", verb_restart,
                .jobs = JOBS_ALL },
        { "kill", "[OPTION…] [NAME]", "Send a job a signal", verb_kill, .jobs = JOBS_RUNNING },
        { "forget", "[OPTION…] NAME", "Drop a job that has ended from the list", verb_forget, .jobs = JOBS_ENDED },
        { "terminate", "[OPTION…]", "Stop all jobs and the daemon", verb_terminate, .ends = true },
        { "doctor", "[OPTION…] [PYTHON]", "Check whether jobs can be run and debugged here", verb_doctor,
                .files = true },
        { "version", "[OPTION…]", "Show the versions of client and daemon", verb_version },
        { "complete", "[--] [WORD…]", "Print what the last word may become, for a shell", verb_complete,
                .command = true, .hidden = true },
};

/* What is called otherwise elsewhere: by docker, pm2, supervisorctl, py-spy, and in a shell. */
static const struct {
        const char *word, *verb;
} synonyms[] = {
        { "start", "run" },
        { "launch", "run" },
        { "debug", "attach" },
        { "pdb", "attach" },
        { "dump", "stack" },
        { "trace", "stack" },
        { "jobs", "list" },
        { "inspect", "status" },
        { "show", "status" },
        { "top", "ps" },
        { "tail", "logs" },
        { "signal", "kill" },
        { "delete", "forget" },
        { "remove", "forget" },
        { "rm", "forget" },
        { "shutdown", "terminate" },
};

const Verb *verb_find(const char *name) {
        for (size_t i = 0; i < G_N_ELEMENTS(verbs); i++)
                if (strcmp(verbs[i].name, name) == 0 || g_strcmp0(verbs[i].alias, name) == 0)
                        return &verbs[i];
        return NULL;
}

const Verb *verb_next(const Verb *verb) {
        const Verb *next = verb ? verb + 1 : verbs;

        while (next < verbs + G_N_ELEMENTS(verbs) && next->hidden)
                next++;
        return next < verbs + G_N_ELEMENTS(verbs) ? next : NULL;
}

const char *verb_nearest(const char *name) {
        g_autoptr(GPtrArray) names = g_ptr_array_new();

        for (size_t i = 0; i < G_N_ELEMENTS(synonyms); i++)
                if (strcmp(synonyms[i].word, name) == 0)
                        return synonyms[i].verb;
        for (const Verb *verb = verb_next(NULL); verb; verb = verb_next(verb))
                g_ptr_array_add(names, (char *) verb->name);
        g_ptr_array_add(names, NULL);
        return name_match_nearest((const char *const *) names->pdata, name);
}
