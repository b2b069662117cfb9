/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * wake-thread PID: what the parent does to wake a job's main thread, by hand. Says what it found, and how long it took. Exits with 0
 * when the call was interrupted. With HELICOPTER_WAKE_VERBOSE set, shows what helicopter-unwind said.
 */

#include <errno.h>
#include <glib.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "helicopter/wake.h"

#define TIMEOUT (2 * G_TIME_SPAN_SECOND)

static const char *const kinds[] = { "resumed", "lock", "never" };

static void read_origin(int fd, char buffer[WAKE_ORIGIN_MAX + 1]) {
        struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
        size_t size = 0;

        while (size < WAKE_ORIGIN_MAX && poll(&poll_fd, 1, 10000) > 0) {
                ssize_t n = read(fd, buffer + size, WAKE_ORIGIN_MAX - size);

                if (n <= 0)
                        break;
                size += (size_t) n;
        }
        buffer[size] = '\0';
}

static int ask_origin(const WakeSnapshot *snapshot, const ThreadCall *call) {
        g_autofree char *buffer = g_malloc(WAKE_ORIGIN_MAX + 1), *caller = NULL;
        int64_t began = g_get_monotonic_time();
        int r, fd;
        pid_t pid;

        r = wake_origin_start(snapshot, &pid, &fd);
        if (r < 0)
                return r;
        read_origin(fd, buffer);
        close(fd);
        waitpid(pid, NULL, 0);
        if (getenv("HELICOPTER_WAKE_VERBOSE"))
                fputs(buffer, stdout);
        r = wake_origin_parse(buffer, call, &caller);
        printf("origin=%s unwind=%.1fms ",
                r > 0            ? "cpython"
                        : caller ? caller
                                 : "?",
                (double) (g_get_monotonic_time() - began) / 1000);
        return r;
}

static int wake(pid_t pid, const ThreadCall *call) {
        WakeSnapshot *snapshot;
        int64_t began = g_get_monotonic_time();
        int r;

        r = wake_snapshot(pid, pid, call, TIMEOUT, &snapshot);
        if (r < 0)
                return r;
        printf("snapshot=%" G_GINT64_FORMAT "us ", g_get_monotonic_time() - began);
        r = ask_origin(snapshot, call);
        if (r > 0) {
                began = g_get_monotonic_time();
                r = wake_interrupt(snapshot, TIMEOUT);
                printf("interrupt=%" G_GINT64_FORMAT "us ", g_get_monotonic_time() - began);
        } else if (r == 0)
                r = -EPERM;
        wake_snapshot_free(snapshot);
        return r;
}

int main(int argc, char *argv[]) {
        pid_t pid = argc == 2 ? (pid_t) strtol(argv[1], NULL, 10) : 0;
        WakeKind kind;
        ThreadCall call;
        sigset_t child;
        int r;

        sigemptyset(&child);
        sigaddset(&child, SIGCHLD);
        sigprocmask(SIG_BLOCK, &child, NULL);
        r = thread_call_read(pid, pid, &call);
        if (r < 0)
                return EXIT_FAILURE;
        kind = wake_kind(&call);
        printf("call=%s kind=%s ", call.blocked ? thread_call_name(call.number) : "none", kinds[kind]);
        r = kind == WAKE_NEVER ? -EPERM : wake(pid, &call);
        printf("result=%s\n", r < 0 ? strerror(-r) : "woken");
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
