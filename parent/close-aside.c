/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "parent/close-aside.h"

#include <glib.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

static void *run(void *data) {
        close(GPOINTER_TO_INT(data));
        return NULL;
}

/* With all signals blocked: none of the program's handlers may run there. */
static int start(int fd) {
        sigset_t all, before;
        pthread_t thread;
        int r;

        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        r = pthread_create(&thread, NULL, run, GINT_TO_POINTER(fd));
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        if (r == 0)
                pthread_detach(thread);
        return r;
}

void close_aside(int *fd) {
        if (*fd >= 0 && start(*fd) != 0)
                close(*fd);
        *fd = -1;
}
