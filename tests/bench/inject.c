/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * inject PID: for each line on stdin, make the system call of a grant in that process, by the function that the parent
 * calls, and write how many nanoseconds that took. Where the kernel has no Yama a grant does not come to that; the call is made
 * here all the same, and refused by the kernel.
 */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "helicopter/injection.h"
#include "helicopter/time-slice.h"

#define TIMEOUT 2000000

static long long now(void) {
        struct timespec time;

        clock_gettime(CLOCK_MONOTONIC, &time);
        return time.tv_sec * 1000000000LL + time.tv_nsec;
}

int main(int argc, char **argv) {
        char line[16];
        sigset_t child;

        if (argc != 2)
                return EXIT_FAILURE;
        time_slice_shorten(); /* as a parent does */
        sigemptyset(&child);
        sigaddset(&child, SIGCHLD);
        sigprocmask(SIG_BLOCK, &child, NULL);
        while (fgets(line, sizeof line, stdin)) {
                long long began = now();
                int r = injection_set_ptracer((pid_t) strtol(argv[1], NULL, 10), getpid(), TIMEOUT);

                if (r < 0 && r != -EINVAL) {
                        fprintf(stderr, "inject: %s\n", strerror(-r));
                        return EXIT_FAILURE;
                }
                printf("%lld\n", now() - began);
                fflush(stdout);
        }
        return EXIT_SUCCESS;
}
