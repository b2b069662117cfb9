/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "parent/close-aside.h"

#include <errno.h>
#include <glib.h>
#include <unistd.h>

#include "helicopter/thread.h"

static int under_way; /* atomic */

static void *run(void *data) {
        close(GPOINTER_TO_INT(data));
        g_atomic_int_add(&under_way, -1);
        return NULL;
}

static int start(int fd) {
        pthread_t thread;
        int r = -EAGAIN;

        if (g_atomic_int_add(&under_way, 1) < CLOSE_ASIDE_MAX)
                r = thread_start(&thread, run, GINT_TO_POINTER(fd));
        if (r < 0)
                g_atomic_int_add(&under_way, -1);
        else
                pthread_detach(thread);
        return r;
}

void close_aside(int *fd) {
        if (*fd >= 0 && start(*fd) < 0)
                close(*fd);
        *fd = -1;
}
