/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "lib/tracee-visit.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Undoing has to succeed: a step that failed is tried again. */
#define UNDO_TRIES 3

int tracee_visit_check(pid_t target, ProcessStatus *ret_status) {
        ProcessStatus status;
        int r;

        r = process_status(target, &status);
        if (r < 0)
                return r;
        if (status.state == 'Z' || status.state == 'X')
                return -ESRCH;
        if (status.tracer != 0 && status.tracer != (pid_t) syscall(SYS_gettid))
                return -EBUSY;
        if (ret_status)
                *ret_status = status;
        return 0;
}

int tracee_visit_begin(TraceeVisit *visit) {
        int r, why;

        for (unsigned i = 0;; i++) {
                r = tracee_seize(visit->target);
                if (r != -EPERM)
                        return r;
                /* The kernel says EPERM as well of a target that another tracer has, or that has ended. */
                why = tracee_visit_check(visit->target, NULL);
                if (why == -EBUSY || why == -ESRCH)
                        return why;
                /* And of a main thread that has ended in favour of the thread that called exec. That does not last, so
                 * try once more. */
                if (i > 0)
                        return r;
        }
}

int tracee_visit_resume(TraceeVisit *visit, int (*how)(pid_t thread, int signal)) {
        int r;

        r = how(visit->target, visit->stop.signal);
        if (r < 0)
                return r;
        visit->stop = (TraceeStop) { .kind = TRACEE_RUNNING };
        return 0;
}

int tracee_visit_stop(TraceeVisit *visit) {
        int r;

        if (visit->stop.kind == TRACEE_STOP_EVENT)
                return 0;
        r = tracee_interrupt(visit->target);
        if (r < 0)
                return r;
        do {
                if (visit->stop.kind != TRACEE_RUNNING) {
                        r = tracee_visit_resume(visit, tracee_continue);
                        if (r < 0)
                                return r;
                }
                r = tracee_wait(visit->target, visit->deadline, &visit->stop);
                if (r < 0)
                        return r;
        } while (visit->stop.kind != TRACEE_STOP_EVENT);
        return 0;
}

int tracee_visit_end(TraceeVisit *visit, int (*let_go)(TraceeVisit *visit, void *data), void *data) {
        int r = 0;

        for (unsigned i = 0; i < UNDO_TRIES; i++) {
                r = let_go(visit, data);
                if (r == 0 || r == -ESRCH)
                        break;
        }
        return r;
}

int tracee_visit_detach(TraceeVisit *visit, void *unused) {
        if (visit->stop.kind == TRACEE_RUNNING)
                return 0;
        return tracee_visit_resume(visit, tracee_detach);
}
