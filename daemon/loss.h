/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Messages that sd-bus has read and dropped. It says nothing of what is no valid message, goes on with the next, and
 * forgets the descriptors that came along (systemd 252 to 262). Here the bytes that it reads are counted, by the kernel,
 * and compared with the messages that it takes; what is left of others is closed.
 */

#include <stdbool.h>
#include <stdint.h>

#include "daemon/free-fds.h"

typedef struct Loss {
        int socket;    /* not owned */
        bool counts;   /* the message that has begun is known */
        uint64_t size; /* how much of it is still to be read */
        uint64_t read; /* how much was read since it has begun, before sd-bus began to read now */
        bool lost;     /* more was read than the message that was taken */
        FreeFds *free; /* before sd-bus read; not owned, NULL: it does not read now */
        GArray *come;  /* int: descriptors that came along */
} Loss;

/* socket: of the connection; from now on, MSG_PEEK there sees something only after loss_peek(). */
void loss_init(Loss *loss, int socket);
void loss_clear(Loss *loss);

/* A message begins; size: the whole of it. */
void loss_begin(Loss *loss, uint64_t size);

/* Something begins of which that is not known. */
void loss_begin_unknown(Loss *loss);

/* Copy what waits, without taking it. Returns how much it is. */
size_t loss_peek(const Loss *loss, void *data, size_t size);

/* How many bytes were read since the last beginning. */
uint64_t loss_read(const Loss *loss);

/* sd-bus is about to read. free: room for what there is to note until loss_after(); it is large, and there may be many connections. */
void loss_before(Loss *loss, FreeFds *free);

/*
 * It hands over a message, before anything was done with it. Returns whether that is the one that had begun; if not,
 * nothing may be done with it.
 */
bool loss_taken(Loss *loss);

/* sd-bus has read. taken: it has handed over a message. Returns whether it has dropped one; nothing of that is left then. */
bool loss_after(Loss *loss, bool taken);
