/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "daemon/intake.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>

#include "daemon/bounds.h"
#include "helicopter/cleanup.h"

static int socket_of(const Intake *intake) {
        return sd_event_source_get_io_fd(intake->arrival);
}

static uint64_t bytes_waiting(const Intake *intake) {
        int waiting = 0;

        return ioctl(socket_of(intake), SIOCINQ, &waiting) == 0 && waiting > 0 ? (uint64_t) waiting : 0;
}

/* Whether descriptors come with what is next to be read: a reader without room for them is told that there are some. */
static bool fds_waiting(const Intake *intake) {
        char byte;
        struct iovec vector = { &byte, 1 };
        struct msghdr header = { .msg_iov = &vector, .msg_iovlen = 1 };

        return recvmsg(socket_of(intake), &header, MSG_PEEK | MSG_DONTWAIT) > 0 && (header.msg_flags & MSG_CTRUNC);
}

static int on_deadline(sd_event_source *source, uint64_t usec, void *userdata) {
        Intake *intake = userdata;

        intake->exceeded("takes too long to send a message", intake->userdata);
        return 0;
}

static void set_deadline(Intake *intake) {
        int enabled = SD_EVENT_OFF;

        if (sd_event_source_get_enabled(intake->deadline, &enabled) > 0)
                return;
        sd_event_source_set_time_relative(intake->deadline, MESSAGE_TIMEOUT);
        sd_event_source_set_enabled(intake->deadline, SD_EVENT_ONESHOT);
}

/*
 * Runs before sd-bus reads. What was not read since the last arrival counts again, which does not matter: bytes are left
 * for longer only when the next message has begun, and the count with it.
 */
static int on_arrival(sd_event_source *source, int fd, uint32_t events, void *userdata) {
        Intake *intake = userdata;
        uint64_t waiting = bytes_waiting(intake);

        if (waiting == 0) /* hung up */
                return 0;
        set_deadline(intake);
        intake->bytes += waiting;
        intake->parts_with_fds += fds_waiting(intake);
        if (intake->bytes > MESSAGE_BYTES_MAX)
                intake->exceeded("sends a message that is too large", intake->userdata);
        else if (intake->parts_with_fds > MESSAGE_PARTS_WITH_FDS_MAX)
                intake->exceeded("sends more descriptors than belong to a message", intake->userdata);
        return 0;
}

void intake_message_taken(Intake *intake) {
        uint64_t waiting = bytes_waiting(intake);

        intake->bytes = waiting;
        intake->parts_with_fds = 0;
        sd_event_source_set_enabled(intake->deadline, SD_EVENT_OFF);
        if (waiting > 0)
                set_deadline(intake);
}

/* The arrivals are seen by a descriptor of their own: epoll(7) takes each once, and sd-bus has the other. */
static int watch(Intake *intake, sd_event *event, int socket_fd) {
        autofd copy = fcntl(socket_fd, F_DUPFD_CLOEXEC, 3);
        int r;

        if (copy < 0)
                return -errno;
        r = sd_event_add_io(event, &intake->arrival, copy, EPOLLIN | EPOLLET, on_arrival, intake);
        if (r < 0)
                return r;
        r = sd_event_source_set_io_fd_own(intake->arrival, true);
        if (r < 0)
                return r;
        (void) g_steal_fd(&copy);
        return sd_event_source_set_priority(intake->arrival, SD_EVENT_PRIORITY_NORMAL - 1);
}

int intake_start(Intake *intake, sd_event *event, int socket_fd, IntakeExceeded exceeded, void *userdata) {
        int r;

        intake->exceeded = exceeded;
        intake->userdata = userdata;
        r = sd_event_add_time_relative(
                event, &intake->deadline, CLOCK_MONOTONIC, MESSAGE_TIMEOUT, 0, on_deadline, intake);
        if (r < 0)
                return r;
        r = sd_event_source_set_enabled(intake->deadline, SD_EVENT_OFF);
        return r < 0 ? r : watch(intake, event, socket_fd);
}

void intake_stop(Intake *intake) {
        intake->arrival = sd_event_source_disable_unref(intake->arrival);
        intake->deadline = sd_event_source_disable_unref(intake->deadline);
}
