/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "helicopter/thread.h"

#include <signal.h>

int thread_start(pthread_t *ret_thread, void *(*run)(void *data), void *data) {
        sigset_t all, before;
        pthread_t thread;
        int r;

        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        r = pthread_create(&thread, NULL, run, data);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        if (r == 0)
                *ret_thread = thread;
        return -r;
}
