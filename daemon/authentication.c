/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "daemon/authentication.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "helicopter/cleanup.h"

/* What waits of a peer at a time. The longest line that makes sense has the name of a user in it. */
#define LINES_MAX 4096

struct Authentication {
        int socket; /* the peer's */
        int relay;  /* the other end is sd-bus's */
        int bus_fd; /* that end; not owned */
        bool begun;
};

/* What sd-bus asks for, of what is its socket then. */
#define SEND_BUFFER (8 << 20)

static int prepare(int socket) {
        static const int from_the_start = -1, send_buffer = SEND_BUFFER;

        /* What has dozed was looked at from afar (daemon/loss.c). */
        if (setsockopt(socket, SOL_SOCKET, SO_PEEK_OFF, &from_the_start, sizeof from_the_start) < 0)
                return -errno;
        return setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof send_buffer) < 0 ? -errno : 0;
}

int authentication_new(int socket, Authentication **ret, int *ret_fd) {
        autofd owned = socket;
        int pair[2], r;

        r = prepare(socket);
        if (r < 0)
                return r;
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
                return -errno;
        *ret = g_new(Authentication, 1);
        **ret = (Authentication) { .socket = g_steal_fd(&owned), .relay = pair[0], .bus_fd = pair[1] };
        *ret_fd = pair[1];
        return 0;
}

Authentication *authentication_free(Authentication *authentication) {
        if (!authentication)
                return NULL;
        close_fd(&authentication->socket);
        close_fd(&authentication->relay);
        g_free(authentication);
        return NULL;
}

int authentication_socket(const Authentication *authentication) {
        return authentication->socket;
}

/* So little finds room, unless nobody reads it. */
static int hand(int to, const char *data, ssize_t size) {
        return send(to, data, (size_t) size, MSG_DONTWAIT | MSG_NOSIGNAL) == size ? 0 : -ECONNRESET;
}

/* The size of the whole lines in data, up to what may be the last one. */
static size_t lines_size(const char *data, size_t size) {
        static const char last[] = "BEGIN\r\n";
        size_t start = 0, length;
        const char *end;

        while ((end = memchr(data + start, '\n', size - start))) {
                length = (size_t) (end + 1 - data) - start;
                start += length;
                if (length == strlen(last) && memcmp(data + start - length, last, length) == 0)
                        break;
        }
        return start;
}

/* Descriptors that come along are not taken, and so the kernel closes them. */
static int hand_lines(Authentication *authentication) {
        char data[LINES_MAX];
        ssize_t n = recv(authentication->socket, data, sizeof data, MSG_PEEK | MSG_DONTWAIT);
        size_t size;

        if (n <= 0)
                return n < 0 ? -errno : -ECONNRESET;
        if (!authentication->begun && data[0] != '\0')
                return -EPROTO; /* what a peer begins with; sd-bus would say so only when there is a line */
        authentication->begun = true;
        size = lines_size(data, (size_t) n);
        if (size == 0)
                return n == sizeof data ? -EMSGSIZE : -EAGAIN;
        n = recv(authentication->socket, data, size, MSG_DONTWAIT);
        return n < 0 ? -errno : hand(authentication->relay, data, n);
}

static int hand_answers(Authentication *authentication) {
        char data[LINES_MAX];
        ssize_t n;
        int r = 0;

        while (r >= 0 && (n = recv(authentication->relay, data, sizeof data, MSG_DONTWAIT)) > 0)
                r = hand(authentication->socket, data, n);
        return r;
}

static int have_processed(Authentication *authentication, sd_bus *bus) {
        int r, handed;

        do {
                r = sd_bus_process(bus, NULL);
                handed = hand_answers(authentication);
        } while (r > 0 && handed >= 0 && sd_bus_is_ready(bus) == 0);
        return r < 0 ? r : handed;
}

int authentication_step(Authentication *authentication, sd_bus *bus) {
        int r;

        r = hand_lines(authentication);
        if (r >= 0)
                r = have_processed(authentication, bus);
        if (r < 0 || sd_bus_is_ready(bus) <= 0)
                return r;
        return dup3(authentication->socket, authentication->bus_fd, O_CLOEXEC) < 0 ? -errno : 1;
}
