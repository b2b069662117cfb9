/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "daemon/intake.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>

#include "daemon/bounds.h"
#include "helicopter/cleanup.h"

#define HEADER_SIZE 16

static uint64_t bytes_waiting(const Intake *intake) {
        int waiting = 0;

        return ioctl(sd_bus_get_fd(intake->bus), SIOCINQ, &waiting) == 0 && waiting > 0 ? (uint64_t) waiting : 0;
}

/* What waits, without taking it. Returns how much it is. */
static size_t peek(const Intake *intake, void *data, size_t size) {
        ssize_t n = recv(sd_bus_get_fd(intake->bus), data, size, MSG_PEEK | MSG_DONTWAIT);

        return n > 0 ? (size_t) n : 0;
}

/* The lowest descriptor that is free: when descriptors come in crowds, that is about how many there are. */
static int fd_level(const Intake *intake) {
        autofd lowest = fcntl(sd_bus_get_fd(intake->bus), F_DUPFD_CLOEXEC, 3);

        return lowest;
}

static void set_deadline(Intake *intake) {
        int enabled = SD_EVENT_OFF;

        if (sd_event_source_get_enabled(intake->deadline, &enabled) > 0)
                return;
        sd_event_source_set_time_relative(intake->deadline, MESSAGE_TIMEOUT);
        sd_event_source_set_enabled(intake->deadline, SD_EVENT_ONESHOT);
}

void intake_message_taken(Intake *intake) {
        sd_event_source_set_enabled(intake->deadline, SD_EVENT_OFF);
        intake->between = intake->taken = true;
        if (bytes_waiting(intake) > 0)
                set_deadline(intake);
}

/* The size of a message by its header (D-Bus specification, "Message Format"). */
static uint64_t message_size(const uint8_t header[HEADER_SIZE]) {
        uint32_t body, fields;

        memcpy(&body, header + 4, sizeof body);
        memcpy(&fields, header + 12, sizeof fields);
        body = header[0] == 'B' ? GUINT32_FROM_BE(body) : GUINT32_FROM_LE(body);
        fields = header[0] == 'B' ? GUINT32_FROM_BE(fields) : GUINT32_FROM_LE(fields);
        return HEADER_SIZE + ((uint64_t) fields + 7) / 8 * 8 + body;
}

/* What is no header is none of our business: sd-bus refuses it, or it is the middle of what came with authentication. */
static const char *check_size(const uint8_t header[HEADER_SIZE]) {
        bool is_header = (header[0] == 'l' || header[0] == 'B') && header[1] >= 1 && header[1] <= 4 && header[3] == 1;

        return is_header && message_size(header) > MESSAGE_BYTES_MAX ? "sends a message that is too large" : NULL;
}

/* What comes behind the last line of the authentication is read by sd-bus along with it. */
static const char *look_at_authentication(const Intake *intake) {
        static const char last_line[] = "\r\nBEGIN\r\n";
        uint8_t data[4096];
        size_t size = peek(intake, data, sizeof data);
        const uint8_t *end = memmem(data, size, last_line, strlen(last_line));

        if (!end && size >= strlen(last_line + 2) && memcmp(data, last_line + 2, strlen(last_line + 2)) == 0)
                end = data - 2;
        if (!end || data + size < end + strlen(last_line) + HEADER_SIZE)
                return NULL;
        return check_size(end + strlen(last_line));
}

/*
 * Called before sd-bus reads, which it does until it has a whole message and no further, or until nothing waits. Returns
 * what is wrong with what it is about to read, or NULL.
 */
static const char *look(Intake *intake) {
        uint8_t header[HEADER_SIZE];
        size_t size;

        intake->held = false;
        if (sd_bus_is_ready(intake->bus) <= 0)
                return look_at_authentication(intake);
        size = peek(intake, header, sizeof header);
        if (size == 0)
                return NULL;
        set_deadline(intake);
        if (!intake->between)
                return NULL;
        intake->held = intake->exact && size < sizeof header;
        if (intake->held)
                return NULL;
        intake->between = false;
        intake->fds = fd_level(intake);
        return size < sizeof header ? NULL : check_size(header);
}

static void end(Intake *intake, const char *why) {
        sd_event_source_set_enabled(intake->io, SD_EVENT_OFF);
        sd_event_source_set_enabled(intake->timer, SD_EVENT_OFF);
        sd_event_source_set_enabled(intake->deadline, SD_EVENT_OFF);
        intake->ended(why, intake->userdata);
}

static int process(Intake *intake) {
        bool was_ready = sd_bus_is_ready(intake->bus) > 0;
        uint64_t waiting = bytes_waiting(intake);
        int r;

        intake->taken = false;
        r = sd_bus_process(intake->bus, NULL);
        if (!was_ready)
                intake->between = sd_bus_is_ready(intake->bus) > 0;
        /* For a message that it had to read for, it read to the end of it. */
        if (intake->taken && bytes_waiting(intake) < waiting)
                intake->exact = true;
        return r;
}

static int step(Intake *intake) {
        const char *wrong = look(intake);
        int r = 0;

        if (!wrong && !intake->held)
                r = process(intake);
        intake->again = r > 0;
        if (!wrong && !intake->between && intake->fds > 0 && fd_level(intake) > intake->fds + MESSAGE_FDS_MAX)
                wrong = "sends more descriptors than belong to a message";
        if (wrong || r < 0)
                end(intake, wrong);
        return 0;
}

static int on_io(sd_event_source *source, int fd, uint32_t events, void *userdata) {
        return step(userdata);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata) {
        return step(userdata);
}

static int on_deadline(sd_event_source *source, uint64_t usec, void *userdata) {
        end(userdata, "takes too long to send a message");
        return 0;
}

/*
 * Before the event loop waits: what for. After authentication sd-bus may have read the first message already, and would
 * look at it only when something else arrives (seen with 252 and 262), so it is always asked until it has nothing to do.
 */
static int on_prepare(sd_event_source *source, void *userdata) {
        Intake *intake = userdata;
        uint64_t until = 0;
        int events, r;

        events = sd_bus_get_events(intake->bus);
        r = events < 0 ? events : sd_bus_get_timeout(intake->bus, &until);
        if (r < 0) {
                end(intake, NULL);
                return 0;
        }
        if (intake->again)
                until = 0;
        /* Half a header is left where it is, and looked at again when there is more. */
        if (intake->held)
                events |= (int) EPOLLET;
        if (r == 0 && !intake->again)
                return sd_event_source_set_io_events(intake->io, (uint32_t) events);
        r = sd_event_source_set_time(intake->timer, until);
        if (r >= 0)
                r = sd_event_source_set_enabled(intake->timer, SD_EVENT_ONESHOT);
        return r < 0 ? r : sd_event_source_set_io_events(intake->io, (uint32_t) events);
}

static int add_timers(Intake *intake, sd_event *event) {
        int r;

        r = sd_event_add_time(event, &intake->timer, CLOCK_MONOTONIC, 0, 1, on_timer, intake);
        if (r >= 0)
                r = sd_event_source_set_enabled(intake->timer, SD_EVENT_OFF);
        if (r >= 0)
                r = sd_event_add_time(event, &intake->deadline, CLOCK_MONOTONIC, 0, 0, on_deadline, intake);
        if (r >= 0)
                r = sd_event_source_set_enabled(intake->deadline, SD_EVENT_OFF);
        if (r < 0)
                return r;
        /* What has arrived in time is read first: it may be this side that was slow. */
        return sd_event_source_set_priority(intake->deadline, SD_EVENT_PRIORITY_NORMAL + 1);
}

int intake_start(Intake *intake, sd_event *event, sd_bus *bus, IntakeEnded ended, void *userdata) {
        int r;

        *intake = (Intake) { .bus = bus, .ended = ended, .userdata = userdata };
        r = add_timers(intake, event);
        if (r < 0)
                return r;
        r = sd_event_add_io(event, &intake->io, sd_bus_get_fd(bus), EPOLLIN, on_io, intake);
        return r < 0 ? r : sd_event_source_set_prepare(intake->io, on_prepare);
}

void intake_stop(Intake *intake) {
        intake->io = sd_event_source_disable_unref(intake->io);
        intake->timer = sd_event_source_disable_unref(intake->timer);
        intake->deadline = sd_event_source_disable_unref(intake->deadline);
}
