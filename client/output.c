/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/output.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "client/client-error.h"
#include "helicopter/cleanup.h"
#include "helicopter/process.h"

/* What a job wrote last is in the journal a little later than it has ended: until nothing has come for this long. */
#define QUIET_TIME G_USEC_PER_SEC

Output *output_free(Output *output) {
        if (output)
                output->free(output);
        return NULL;
}

static int copy(Output *output) {
        int r = output->copy(output);

        if (r < 0)
                return r;
        return fflush(stdout) == 0 && !ferror(stdout) ? r : -EIO;
}

/* Wait for more, or for a process to end (-1: none), at most that long. Returns 1 when there may be more, else 0. */
static int wait_for_more(const Output *output, int process, uint64_t timeout) {
        struct pollfd fds[] = { { output->fd, 0, 0 }, { process, POLLIN, 0 } };
        uint64_t patience;
        int r;

        output->prepare((Output *) output, &fds[0].events, &patience);
        patience = MIN(patience, timeout);
        r = poll(fds, G_N_ELEMENTS(fds), patience == UINT64_MAX ? -1 : (int) MIN(patience / 1000 + 1, INT_MAX));
        if (r < 0)
                return errno == EINTR ? 1 : -errno;
        if (fds[1].revents)
                return 0;
        return r > 0 || patience < timeout;
}

static int copy_while(Output *output, int process, uint64_t timeout) {
        int r;

        do {
                r = copy(output);
                if (r >= 0)
                        r = wait_for_more(output, process, timeout);
        } while (r > 0);
        return r;
}

/* Until nothing has come for a while. A descriptor that is ready need not mean that there is more. */
static int copy_rest(Output *output) {
        uint64_t end = (uint64_t) g_get_monotonic_time() + QUIET_TIME;

        for (;;) {
                uint64_t now = (uint64_t) g_get_monotonic_time();
                int r = copy(output);

                if (r > 0)
                        end = now + QUIET_TIME;
                if (r < 0 || now >= end)
                        return r;
                r = wait_for_more(output, -1, end - now);
                if (r < 0)
                        return r;
        }
}

/* Not the job's own process: its parent takes in what the job leaves behind, and its pid is not given to another while it is known to run. */
static int follow(Output *output, const JobInfo *job) {
        autofd parent = process_open((pid_t) job->parent_pid);
        int r;

        if (parent < 0)
                return parent == -ESRCH ? 0 : parent;
        r = copy_while(output, parent, UINT64_MAX);
        return r < 0 ? r : copy_rest(output);
}

static int open_output(const JobInfo *job, const OutputOptions *options, Output **ret_output, sd_bus_error *error) {
        OutputOptions of_job = *options;

        if (job->log_path && *job->log_path) {
                if (options->since > 0 || options->timestamps)
                        return client_error_set(error, CLIENT_ERROR_NO_TIMES, ENODATA,
                                "What job %s writes goes to the file %s, without times", job->name, job->log_path);
                return output_file_open(job->log_path, options, ret_output);
        }
        if (!job->unit || !g_str_has_suffix(job->unit, ".service"))
                return client_error_set(error, CLIENT_ERROR_NO_OUTPUT, ENODATA,
                        "What job %s writes goes where its helicopter-parent was started", job->name);
        if (of_job.since == 0) /* one that was not executed has written nothing */
                of_job.since = job->started > 0 ? job->started : (uint64_t) g_get_real_time();
        return output_journal_open(job->unit, &of_job, ret_output);
}

int output_show(const JobInfo *job, const OutputOptions *options, bool keep_on, sd_bus_error *error) {
        g_autoptr(Output) output = NULL;
        int r;

        r = open_output(job, options, &output, error);
        if (r >= 0 && output)
                r = copy(output);
        if (r >= 0 && output && keep_on && !job_info_ended(job))
                r = follow(output, job);
        if (r >= 0)
                return 0;
        if (sd_bus_error_is_set(error))
                return r;
        return client_error_set(error, CLIENT_ERROR_UNREADABLE_OUTPUT, -r, "Cannot read what job %s writes, in %s: %s",
                job->name, job->log_path && *job->log_path ? job->log_path : "the journal", g_strerror(-r));
}
