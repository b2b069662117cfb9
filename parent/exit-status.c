/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "parent/exit-status.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

void exit_as(int code, int number) {
        sigset_t set;

        if (number != 0) {
                prctl(PR_SET_DUMPABLE, 0); /* the core dump worth having is the job's */
                signal(number, SIG_DFL);
                sigemptyset(&set);
                sigaddset(&set, number);
                raise(number);
                sigprocmask(SIG_UNBLOCK, &set, NULL);
                code = 128 + number; /* as shells do; for a signal that does not end a process */
        }
        exit(code);
}
