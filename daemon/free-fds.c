/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "daemon/free-fds.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "helicopter/cleanup.h"

/* poll() tells of many numbers in one call, and wants no more than RLIMIT_NOFILE, of which 1024 is usual. */
#define AT_ONCE 512

/* Holes below this many open ones are looked for. */
#define SEARCHED_MAX 16384

int free_fds_lowest(int fd) {
        autofd lowest = fcntl(fd, F_DUPFD_CLOEXEC, 0);

        return lowest;
}

void free_fds_find(FreeFds *fds, int fd) {
        struct pollfd polls[AT_ONCE];
        int from = free_fds_lowest(fd), end = from + SEARCHED_MAX;

        fds->n = 0;
        for (; from >= 0 && from < end && fds->n < G_N_ELEMENTS(fds->numbers); from += AT_ONCE) {
                for (int at = 0; at < AT_ONCE; at++)
                        polls[at] = (struct pollfd) { .fd = from + at };
                if (poll(polls, AT_ONCE, 0) < 0)
                        return;
                for (size_t at = 0; at < AT_ONCE && fds->n < G_N_ELEMENTS(fds->numbers); at++)
                        if (polls[at].revents & POLLNVAL)
                                fds->numbers[fds->n++] = polls[at].fd;
        }
}

void free_fds_taken(const FreeFds *fds, int fd, GArray *numbers) {
        struct pollfd polls[G_N_ELEMENTS(fds->numbers)];

        if (fds->n == 0 || free_fds_lowest(fd) == fds->numbers[0])
                return; /* as nearly always */
        for (size_t at = 0; at < fds->n; at++)
                polls[at] = (struct pollfd) { .fd = fds->numbers[at] };
        if (poll(polls, fds->n, 0) < 0)
                return;
        for (size_t at = 0; at < fds->n; at++)
                if (!(polls[at].revents & POLLNVAL))
                        g_array_append_val(numbers, polls[at].fd);
}
