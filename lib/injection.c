/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "helicopter/injection.h"

#include <errno.h>
#include <glib.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "helicopter/process.h"
#include "lib/remote-call.h"
#include "lib/tracer-thread.h"

typedef struct Injection {
        pid_t target;
        Syscall call;
        long result;
} Injection;

static int inject(void *data, int64_t deadline) {
        Injection *injection = data;

        return remote_call(injection->target, &injection->call, deadline, &injection->result);
}

int injection_call(pid_t target, const Syscall *call, uint64_t timeout, long *ret_result) {
        Injection *injection;
        int r;

        r = remote_call_check(target);
        if (r < 0)
                return r;
        injection = g_atomic_rc_box_new0(Injection);
        injection->target = target;
        injection->call = *call;
        r = tracer_thread_run(inject, injection, timeout);
        if (r == 0)
                *ret_result = injection->result;
        g_atomic_rc_box_release(injection);
        return r;
}

static int set_ptracer(pid_t thread, pid_t tracer, uint64_t timeout) {
        Syscall call = {
                .number = SYS_prctl,
                .arguments = { PR_SET_PTRACER, (unsigned long) tracer },
        };
        long result = 0;
        int r;

        if (tracer != 0) {
                /* In another pid namespace the number names somebody else. */
                r = process_shares_namespace(thread, "pid");
                if (r <= 0)
                        return r < 0 ? r : -EOPNOTSUPP;
        }
        r = injection_call(thread, &call, timeout, &result);
        return r < 0 ? r : (int) result;
}

/* -ESRCH: none of its threads is left. */
static int set_ptracer_by_any_thread(pid_t target, pid_t tracer, int64_t deadline) {
        g_autofree char *path = g_strdup_printf("/proc/%d/task", target);
        g_autoptr(GDir) tasks = g_dir_open(path, 0, NULL);
        const char *task;
        int r = -ESRCH;

        while (r == -ESRCH && tasks && (task = g_dir_read_name(tasks))) {
                int64_t rest = deadline - g_get_monotonic_time();
                pid_t thread = (pid_t) strtol(task, NULL, 10);

                if (rest <= 0)
                        return -ETIMEDOUT;
                if (thread != target)
                        r = set_ptracer(thread, tracer, (uint64_t) rest);
        }
        return r;
}

int injection_set_ptracer(pid_t target, pid_t tracer, uint64_t timeout) {
        int64_t deadline = g_get_monotonic_time() + (int64_t) MIN(timeout, (uint64_t) G_TIME_SPAN_DAY);
        int r;

        if (tracer < 0) /* -1 would be PR_SET_PTRACER_ANY */
                return -EINVAL;
        r = set_ptracer(target, tracer, timeout);
        /* The main thread may have ended while others go on. Yama keeps the exception for the process as a whole. */
        return r == -ESRCH ? set_ptracer_by_any_thread(target, tracer, deadline) : r;
}
