/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the daemon lets others make it do, all in one place. Who goes beyond is refused or disconnected; nobody else
 * notices. sd-bus itself has limits that are far above these: 128 MiB for a message, 384 Ki messages in a queue, 64 KiB
 * for authentication (systemd 252 to 262); none can be set.
 */

#include <glib.h>

/* Connections to the private socket, in all and of one process. Each job has one, the rest are clients. */
#define PEERS_MAX 8192
#define PEERS_PER_PROCESS_MAX 128

/* To say who it is, a peer has this long. */
#define AUTHENTICATION_TIMEOUT (10 * G_USEC_PER_SEC)

/*
 * To wake, where its connection dozes, a parent has this long; sd-bus itself would wait for 90 s. It may be stopped, and connects again
 * when it goes on.
 */
#define WAKING_TIMEOUT (30 * G_USEC_PER_SEC)

/*
 * To send a message that it has begun, a peer has this long, and not more than these bytes, which is well above what a
 * process can be given for arguments and environment (ARG_MAX: 2 MiB, 6 MiB at most), and about these descriptors.
 */
#define MESSAGE_TIMEOUT (10 * G_USEC_PER_SEC)
#define MESSAGE_BYTES_MAX (16 << 20)
#define MESSAGE_FDS_MAX 1024

/*
 * Messages that wait for a peer to read. They wait here only when the socket's own buffer is full: 8 MiB are asked for,
 * and what it gets is twice net.core.wmem_max at most (208 KiB by default).
 * Signals go to everybody, and come in crowds when many jobs start; replies go to who asks for more without having
 * read the last.
 */
#define UNREAD_MAX 4096
#define UNREAD_REPLIES_MAX 64

/* Calls of one peer, or of one sender on the user bus, that are not answered yet: they wait for a job's parent. */
#define PENDING_CALLS_MAX 64

/*
 * Where is asked for again and again, so a parent that does not answer within this time is not asked another time before
 * anything has come from it: its questions would wait in its queue for as long as it is stopped.
 */
#define WHERE_TIMEOUT (2 * G_USEC_PER_SEC)

/*
 * What jobs were started with, their environment for the most part, is kept to start them again: in bytes, of all jobs together.
 * Jobs that ended first lose it first.
 */
#define STARTS_BYTES_MAX (64 << 20)

/* Jobs that have not ended, and jobs that have and are still listed. */
#define JOBS_MAX 4096
#define ENDED_MAX 1000
