/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "daemon/loss.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * SO_PEEK_OFF (socket(7)) is where MSG_PEEK looks. Reading moves it towards 0 by what was read, so from afar it is a
 * counter of that.
 */
#define AFAR (1 << 30)

static void set_offset(const Loss *loss, int offset) {
        setsockopt(loss->socket, SOL_SOCKET, SO_PEEK_OFF, &offset, sizeof offset);
}

void loss_init(Loss *loss, int socket) {
        *loss = (Loss) { .socket = socket, .come = g_array_new(FALSE, FALSE, sizeof(int)) };
        set_offset(loss, AFAR);
}

void loss_clear(Loss *loss) {
        g_clear_pointer(&loss->come, g_array_unref);
}

static void begin(Loss *loss, bool counts, uint64_t size) {
        loss->counts = counts;
        loss->size = size;
        loss->read = 0;
        g_array_set_size(loss->come, 0);
        set_offset(loss, AFAR);
}

void loss_begin(Loss *loss, uint64_t size) {
        begin(loss, true, size);
}

void loss_begin_unknown(Loss *loss) {
        begin(loss, false, 0);
}

/* One look goes as far as to what came along with descriptors (Linux 6.18), and the next begins behind it. */
size_t loss_peek(const Loss *loss, void *data, size_t size) {
        int offset = AFAR - (int) loss_read(loss);
        size_t seen = 0;
        ssize_t n;

        set_offset(loss, 0);
        do {
                n = recv(loss->socket, (char *) data + seen, size - seen, MSG_PEEK | MSG_DONTWAIT);
                seen += n > 0 ? (size_t) n : 0;
        } while (n > 0 && seen < size);
        set_offset(loss, offset);
        return seen;
}

uint64_t loss_read(const Loss *loss) {
        int offset = AFAR;
        socklen_t size = sizeof offset;

        getsockopt(loss->socket, SOL_SOCKET, SO_PEEK_OFF, &offset, &size);
        return (uint64_t) (AFAR - offset);
}

void loss_before(Loss *loss, FreeFds *free) {
        loss->read = loss_read(loss);
        loss->free = free;
        if (loss->counts)
                free_fds_find(free, loss->socket);
}

bool loss_taken(Loss *loss) {
        if (!loss->counts || !loss->free)
                return true;
        free_fds_taken(loss->free, loss->socket, loss->come);
        loss->lost = loss_read(loss) > loss->size;
        return !loss->lost;
}

static bool is_lost(Loss *loss, bool taken) {
        uint64_t read = loss_read(loss);

        if (!loss->counts)
                return false;
        if (taken)
                return loss->lost;
        if (read == loss->read)
                return false; /* a time-out of sd-bus's, whose handler may have opened something */
        free_fds_taken(loss->free, loss->socket, loss->come);
        return read >= loss->size;
}

bool loss_after(Loss *loss, bool taken) {
        bool lost = is_lost(loss, taken);

        loss->free = NULL;
        if (!lost)
                return false;
        /* Those of a message that was taken have been closed with it. */
        for (guint at = 0; at < loss->come->len; at++)
                if (fcntl(g_array_index(loss->come, int, at), F_GETFD) >= 0)
                        close(g_array_index(loss->come, int, at));
        g_array_set_size(loss->come, 0);
        return true;
}
