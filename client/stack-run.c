/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/stack-run.h"

#include <errno.h>
#include <stdio.h>
#include <sys/wait.h>

#include "client/client-error.h"
#include "client/foreground.h"
#include "client/report.h"
#include "config.h"

/* The script has told why. It ends with 1 where its output is not read any more. */
#define STACK_FAILED 3

int stack_run(const Interpreter *interpreter, const char *job, pid_t target, const char *form, uint64_t timeout) {
        g_autofree char *script =
                g_build_filename(g_getenv("HELICOPTER_DATA") ?: HELICOPTER_DATA_PATH, "stack.py", NULL);
        g_autofree char *pid = g_strdup_printf("%d", (int) target);
        char *argv[] = { interpreter->name, (char *) "-I", script, pid, (char *) form, (char *) job, NULL };
        Foreground foreground = {
                .file = interpreter->file,
                .argv = argv,
                .library_path = interpreter->library_path,
                .pass_fd = -1,
                .timeout = timeout,
        };
        int r;

        fflush(stdout);
        r = foreground_run(&foreground);
        if (r < 0) {
                report_error("Job %s: cannot run %s: %s", job, interpreter->file, g_strerror(-r));
                report_remedy(CLIENT_ERROR_NO_INTERPRETER);
                return r;
        }
        if (foreground.timed_out)
                report_error("Job %s: the stacks of process %d were not read in time", job, (int) target);
        if (foreground.timed_out || (WIFEXITED(r) && WEXITSTATUS(r) == STACK_FAILED))
                report_remedy(CLIENT_ERROR_NO_STACKS);
        return WIFEXITED(r) && WEXITSTATUS(r) == 0 ? 0 : -EIO;
}
