/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "daemon/free-fds.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "helicopter/cleanup.h"

/* poll() tells of many numbers in one call, and wants no more than RLIMIT_NOFILE, of which 1024 is usual. */
#define AT_ONCE 512

/* So many first: there may be some holes, and then a long stretch that is open. */
#define AT_FIRST 64

/* Holes below this many open ones are looked for. */
#define SEARCHED_MAX 16384

/* The lowest number from `least` on that is free. */
static int lowest_from(int fd, int least) {
        autofd lowest = fcntl(fd, F_DUPFD_CLOEXEC, least);

        return lowest;
}

int free_fds_lowest(int fd) {
        return lowest_from(fd, 0);
}

/* Note those that are free among `count` numbers. */
static int find_among(FreeFds *fds, int from, int count) {
        struct pollfd polls[AT_ONCE];

        for (int at = 0; at < count; at++)
                polls[at] = (struct pollfd) { .fd = from + at };
        if (poll(polls, (nfds_t) count, 0) < 0)
                return -1;
        for (int at = 0; at < count && fds->n < G_N_ELEMENTS(fds->numbers); at++)
                if (polls[at].revents & POLLNVAL)
                        fds->numbers[fds->n++] = polls[at].fd;
        return 0;
}

void free_fds_find(FreeFds *fds, int fd) {
        int from = free_fds_lowest(fd), end = from + SEARCHED_MAX, count = AT_FIRST;

        fds->n = 0;
        while (from >= 0 && from < end && fds->n < G_N_ELEMENTS(fds->numbers)) {
                if (find_among(fds, from, count) < 0)
                        return;
                /* The kernel finds the next much sooner than poll() looks at what is open. */
                from = lowest_from(fd, from + count);
                count = AT_ONCE;
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
