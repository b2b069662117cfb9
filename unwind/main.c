/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * helicopter-unwind: reads a snapshot of a blocked thread (lib/wake-snapshot.h) and says who made its call. A program of its
 * own, since it may be lost to a file that libelf or libdw cannot cope with: it then says nothing, which means "not known".
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "lib/tracee-arch.h"
#include "unwind/unwind.h"

#define SECONDS_MAX 5
#define ADDRESS_SPACE_MAX (4ul << 30)

static void limit(__typeof__(RLIMIT_CORE) resource, rlim_t value) {
        struct rlimit rlimit = { .rlim_cur = value, .rlim_max = value };

        setrlimit(resource, &rlimit);
}

static void set_limits(void) {
        alarm(SECONDS_MAX);
        limit(RLIMIT_CPU, SECONDS_MAX);
        limit(RLIMIT_CORE, 0);
#ifndef __SANITIZE_ADDRESS__ /* which reserves terabytes */
        limit(RLIMIT_AS, ADDRESS_SPACE_MAX);
#endif
}

static int read_all(void *buffer, size_t size, size_t *ret_size) {
        size_t total = 0;

        while (total < size) {
                ssize_t n = read(STDIN_FILENO, (char *) buffer + total, size - total);

                if (n < 0)
                        return -errno;
                if (n == 0)
                        break;
                total += (size_t) n;
        }
        *ret_size = total;
        return 0;
}

static int read_snapshot(WakeSnapshot *snapshot) {
        size_t size = 0;
        int r;

        r = read_all(snapshot, sizeof(*snapshot), &size);
        if (r < 0)
                return r;
        if (size < WAKE_SNAPSHOT_HEAD || snapshot->magic != WAKE_SNAPSHOT_MAGIC || snapshot->pid <= 0 ||
                snapshot->tid <= 0)
                return -EBADMSG;
        if (snapshot->stack_size > WAKE_STACK_MAX || size < WAKE_SNAPSHOT_HEAD + snapshot->stack_size)
                return -EBADMSG;
        return tracee_arch_is_native(&snapshot->registers) ? 0 : -EBADMSG;
}

int main(int argc, char *argv[]) {
        static WakeSnapshot snapshot;
        int r;

        set_limits();
        r = tracee_arch_syscall_instruction ? read_snapshot(&snapshot) : -EOPNOTSUPP;
        if (r == 0)
                r = unwind_print(&snapshot, stdout);
        if (r < 0) {
                fprintf(stderr, "helicopter-unwind: %s\n", strerror(-r));
                return EXIT_FAILURE;
        }
        return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
