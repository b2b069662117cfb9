/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "daemon/intake.h"

#include <errno.h>
#include <linux/sockios.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>

#include "daemon/bounds.h"

#define HEADER_SIZE 16
#define HUNG_UP (EPOLLHUP | EPOLLERR | EPOLLRDHUP)

static uint64_t bytes_waiting(const Intake *intake) {
        int waiting = 0;

        return ioctl(intake->fd, SIOCINQ, &waiting) == 0 && waiting > 0 ? (uint64_t) waiting : 0;
}

static void set_deadline(Intake *intake) {
        int enabled = SD_EVENT_OFF;

        if (sd_event_source_get_enabled(intake->deadline, &enabled) > 0)
                return;
        sd_event_source_set_time_relative(intake->deadline, MESSAGE_TIMEOUT);
        sd_event_source_set_enabled(intake->deadline, SD_EVENT_ONESHOT);
}

bool intake_message_taken(Intake *intake) {
        sd_event_source_set_enabled(intake->deadline, SD_EVENT_OFF);
        intake->between = intake->taken = true;
        if (bytes_waiting(intake) > 0)
                set_deadline(intake);
        return loss_taken(&intake->loss);
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

/* sd-bus looks at the rest of it. */
static const char *check_header(const uint8_t header[HEADER_SIZE]) {
        if (header[0] != 'l' && header[0] != 'B')
                return "sends an invalid message";
        return message_size(header) > MESSAGE_BYTES_MAX ? "sends a message that is too large" : NULL;
}

/*
 * Called before sd-bus reads, which it does until it has a whole message and no further, or until nothing waits. Returns
 * what is wrong with what it is about to read, or NULL.
 */
static const char *look(Intake *intake) {
        uint8_t header[HEADER_SIZE];
        size_t size;

        size = intake->between ? loss_peek(&intake->loss, header, sizeof header) : bytes_waiting(intake);
        if (size > 0)
                set_deadline(intake);
        if (!intake->between)
                return NULL;
        intake->partial = size > 0 && size < sizeof header;
        if (size < sizeof header) {
                loss_begin_unknown(&intake->loss);
                return NULL;
        }
        intake->between = false;
        intake->fds = free_fds_lowest(intake->fd);
        loss_begin(&intake->loss, message_size(header));
        return check_header(header);
}

void intake_close(Intake *intake) {
        intake->over = true;
        sd_event_source_set_enabled(intake->io, SD_EVENT_OFF);
        sd_event_source_set_enabled(intake->timer, SD_EVENT_OFF);
        sd_event_source_set_enabled(intake->deadline, SD_EVENT_OFF);
}

static void end(Intake *intake, const char *why) {
        intake_close(intake);
        intake->ended(why, intake->userdata);
}

/*
 * Where it was about to do something else, sd-bus has read all the same: it does so when it could not write the whole of a
 * message, say (252 to 262), and something came just then. What it has of it is known again with the next message.
 */
static void begin_unseen(Intake *intake) {
        intake->between = intake->partial = false;
        intake->fds = 0;
        set_deadline(intake);
}

/* Have sd-bus do what there is to do, and see what it has read. Returns what is wrong with that, or NULL. */
static const char *process(Intake *intake, int *ret) {
        FreeFds free;
        uint64_t read;

        intake->taken = false;
        loss_before(&intake->loss, &free);
        *ret = sd_bus_process(intake->bus, NULL);
        if (loss_after(&intake->loss, intake->taken))
                return "sends an invalid message";
        read = loss_read(&intake->loss);
        if (read > MESSAGE_BYTES_MAX)
                return "sends a message that is too large";
        if (intake->between && !intake->taken && read > 0)
                begin_unseen(intake);
        if (!intake->between && intake->fds > 0 && free_fds_lowest(intake->fd) > intake->fds + MESSAGE_FDS_MAX)
                return "sends more descriptors than belong to a message";
        return NULL;
}

/* events: why; 0: a time-out. */
static void step(Intake *intake, uint32_t events) {
        const char *wrong = look(intake);
        int r = 0;

        if (!wrong && intake->partial && events == EPOLLIN)
                return;
        if (intake->partial && (events & HUNG_UP))
                r = -ECONNRESET;
        else if (!wrong)
                wrong = process(intake, &r);
        if (wrong || r < 0)
                end(intake, wrong);
}

static int on_io(sd_event_source *source, int fd, uint32_t events, void *userdata) {
        step(userdata, events);
        return 0;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata) {
        Intake *intake = userdata;

        intake->until = UINT64_MAX;
        step(intake, 0);
        return 0;
}

static int on_deadline(sd_event_source *source, uint64_t usec, void *userdata) {
        end(userdata, "takes too long to send a message");
        return 0;
}

/* sd-event sorts its timers anew for each that is set, also where nothing changes. */
static int set_timer(Intake *intake, uint64_t until) {
        int r;

        if (until == intake->until)
                return 0;
        intake->until = until;
        if (until == UINT64_MAX)
                return sd_event_source_set_enabled(intake->timer, SD_EVENT_OFF);
        r = sd_event_source_set_time(intake->timer, until);
        return r < 0 ? r : sd_event_source_set_enabled(intake->timer, SD_EVENT_ONESHOT);
}

/* Where too little waits, it is more that is waited for. */
static int set_events(Intake *intake, uint32_t events) {
        events |= EPOLLRDHUP;
        if (intake->partial)
                events |= EPOLLET;
        if (events == intake->events)
                return 0;
        intake->events = events;
        return sd_event_source_set_io_events(intake->io, events);
}

void intake_prepare(Intake *intake) {
        uint64_t until = UINT64_MAX;
        int events, r;

        if (intake->over)
                return;
        r = events = intake->authentication ? (int) EPOLLIN : sd_bus_get_events(intake->bus);
        if (r >= 0)
                r = set_events(intake, (uint32_t) events);
        if (r >= 0 && !intake->authentication)
                r = sd_bus_get_timeout(intake->bus, &until);
        if (r >= 0)
                r = set_timer(intake, until);
        if (r < 0)
                end(intake, NULL);
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

static int watch(Intake *intake, int fd, sd_event_io_handler_t handler) {
        intake->events = EPOLLIN | EPOLLRDHUP;
        return sd_event_add_io(
                sd_event_source_get_event(intake->timer), &intake->io, fd, intake->events, handler, intake);
}

/* From now on the messages come, on the descriptor that sd-bus has. */
static int authenticated(Intake *intake) {
        intake->io = sd_event_source_disable_unref(intake->io);
        intake->authentication = authentication_free(intake->authentication);
        intake->between = true;
        loss_init(&intake->loss, intake->fd);
        return watch(intake, intake->fd, on_io);
}

static int on_authentication(sd_event_source *source, int fd, uint32_t events, void *userdata) {
        Intake *intake = userdata;
        int r = authentication_step(intake->authentication, intake->bus);

        intake->partial = r == -EAGAIN && !(events & HUNG_UP);
        if (r > 0)
                r = authenticated(intake);
        if (r < 0 && !intake->partial)
                end(intake, NULL);
        return 0;
}

int intake_init(Intake *intake, int socket, int *ret_fd) {
        int r;

        *intake = (Intake) { .fd = -1, .over = true, .until = UINT64_MAX };
        r = authentication_new(socket, &intake->authentication, ret_fd);
        if (r >= 0)
                intake->fd = *ret_fd;
        return r;
}

int intake_start(Intake *intake, sd_event *event, sd_bus *bus, IntakeEnded ended, void *userdata) {
        int r;

        intake->bus = bus;
        intake->ended = ended;
        intake->userdata = userdata;
        r = add_timers(intake, event);
        if (r >= 0)
                r = watch(intake, authentication_socket(intake->authentication), on_authentication);
        intake->over = r < 0;
        return r;
}

void intake_stop(Intake *intake) {
        intake->over = true;
        intake->io = sd_event_source_disable_unref(intake->io);
        intake->timer = sd_event_source_disable_unref(intake->timer);
        intake->deadline = sd_event_source_disable_unref(intake->deadline);
        intake->authentication = authentication_free(intake->authentication);
        loss_clear(&intake->loss);
}
