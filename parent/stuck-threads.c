/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "parent/stuck-threads.h"

#include "helicopter/wake.h"

/* The same call at the same place of the stack. */
typedef struct Stuck {
        pid_t tid;
        uint64_t stack_pointer;
        long number;
} Stuck;

GArray *stuck_threads_new(void) {
        return g_array_new(FALSE, FALSE, sizeof(Stuck));
}

bool stuck_threads_has(const GArray *stuck, pid_t tid, const ThreadCall *call) {
        for (guint i = 0; i < stuck->len; i++) {
                const Stuck *one = &g_array_index(stuck, Stuck, i);

                if (one->tid == tid && one->stack_pointer == call->stack_pointer && one->number == call->number)
                        return true;
        }
        return false;
}

void stuck_threads_add(GArray *stuck, pid_t tid, const ThreadCall *call) {
        const Stuck one = { .tid = tid, .stack_pointer = call->stack_pointer, .number = call->number };

        if (stuck_threads_has(stuck, tid, call))
                return;
        if (stuck->len >= STUCK_THREADS_MAX)
                g_array_set_size(stuck, 0);
        g_array_append_val(stuck, one);
}

bool stuck_threads_may_run(const GArray *stuck, pid_t pid, pid_t tid) {
        ThreadCall call;

        if (thread_call_read(pid, tid, &call) < 0)
                return false;
        return (!call.blocked || wake_kind(&call) == WAKE_RESUMED) && !stuck_threads_has(stuck, tid, &call);
}
