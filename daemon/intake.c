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
        /* Where sd-bus has to read for a message, it reads to its end. */
        if (loss_read(&intake->loss) > intake->loss.read) {
                intake->exact = true;
                g_byte_array_set_size(intake->ahead, 0);
        }
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

/* What is no header is none of our business: sd-bus refuses it, or it is the middle of what came with authentication. */
static bool is_header(const uint8_t header[HEADER_SIZE]) {
        return (header[0] == 'l' || header[0] == 'B') && header[1] >= 1 && header[1] <= 4 && header[3] == 1;
}

static const char *check_size(const uint8_t header[HEADER_SIZE]) {
        return is_header(header) && message_size(header) > MESSAGE_BYTES_MAX ? "sends a message that is too large"
                                                                             : NULL;
}

/* Where the authentication ends in data; 0: not there. */
static size_t authentication_end(const uint8_t *data, size_t size) {
        static const char last_line[] = "\r\nBEGIN\r\n";
        const uint8_t *end = memmem(data, size, last_line, strlen(last_line));

        if (end)
                return (size_t) (end - data) + strlen(last_line);
        if (size >= strlen(last_line + 2) && memcmp(data, last_line + 2, strlen(last_line + 2)) == 0)
                return strlen(last_line + 2);
        return 0;
}

/* How much sd-bus has read beyond the authentication; ahead has that and no more from now on. False: not known. */
static bool read_ahead(Intake *intake) {
        uint64_t read = loss_read(&intake->loss);

        if (intake->authentication == 0 || read < intake->authentication ||
                read - intake->authentication > intake->ahead->len)
                return false;
        g_byte_array_set_size(intake->ahead, (guint) (read - intake->authentication));
        return true;
}

/*
 * What comes behind the last line of the authentication is read by sd-bus along with it, and may be messages. It is ready
 * some time later, after an answer of its own (seen with 252 and 262).
 */
static void look_at_authentication(Intake *intake) {
        uint8_t data[4096];
        size_t size = loss_peek(&intake->loss, data, sizeof data), end = 0;

        if (intake->authentication == 0) {
                loss_begin_unknown(&intake->loss);
                intake->authentication = end = authentication_end(data, size);
        } else if (!read_ahead(intake)) {
                intake->authentication = SIZE_MAX;
        }
        if (intake->authentication > 0)
                g_byte_array_append(intake->ahead, data + end, (guint) (size - end));
}

/* The connection is ready. What was read along with the authentication is known, unless it came between look and read. */
static void begin_messages(Intake *intake) {
        intake->between = true;
        intake->exact = read_ahead(intake);
        if (!intake->exact)
                g_byte_array_set_size(intake->ahead, 0);
}

/* The header of the next message: what sd-bus holds of it, and what waits. Returns how much of it there is. */
static size_t look_at_header(Intake *intake, uint8_t header[HEADER_SIZE]) {
        size_t size = MIN(intake->ahead->len, HEADER_SIZE);

        if (size > 0)
                memcpy(header, intake->ahead->data, size);
        return size == HEADER_SIZE ? size : size + loss_peek(&intake->loss, header + size, HEADER_SIZE - size);
}

static const char *begin_message(Intake *intake, const uint8_t header[HEADER_SIZE]) {
        uint64_t size = message_size(header), ahead = MIN(intake->ahead->len, size);

        /* Where it is not known what came with the authentication, that was most likely nothing. */
        if (intake->exact || is_header(header))
                loss_begin(&intake->loss, size - ahead);
        else
                loss_begin_unknown(&intake->loss);
        g_byte_array_remove_range(intake->ahead, 0, (guint) ahead);
        return check_size(header);
}

/*
 * Called before sd-bus reads, which it does until it has a whole message and no further, or until nothing waits. Returns
 * what is wrong with what it is about to read, or NULL.
 */
static const char *look(Intake *intake) {
        uint8_t header[HEADER_SIZE];
        size_t size;

        if (sd_bus_is_ready(intake->bus) <= 0) {
                look_at_authentication(intake);
                return NULL;
        }
        if (bytes_waiting(intake) > 0 || intake->ahead->len > 0)
                set_deadline(intake);
        if (!intake->between)
                return NULL;
        size = look_at_header(intake, header);
        if (size == sizeof header) {
                intake->between = false;
                intake->fds = free_fds_lowest(intake->fd);
                return begin_message(intake, header);
        }
        /* Should more come before sd-bus reads, then it is not known what. */
        loss_begin_unknown(&intake->loss);
        intake->part = size - intake->ahead->len;
        g_byte_array_append(intake->ahead, header + intake->ahead->len, (guint) intake->part);
        return NULL;
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

/* What sd-bus has made of less than a header. */
static void see_part(Intake *intake) {
        uint64_t read = loss_read(&intake->loss);

        intake->exact = intake->exact && read <= intake->part;
        intake->between = intake->exact || read == 0;
        g_byte_array_set_size(intake->ahead, intake->exact ? intake->ahead->len - (guint) (intake->part - read) : 0);
}

/* Have sd-bus read, and see what it has done. Returns what is wrong with what it read, or NULL. */
static const char *process(Intake *intake, int *ret) {
        bool was_ready = sd_bus_is_ready(intake->bus) > 0, was_between = intake->between;
        FreeFds free;
        bool lost;

        intake->taken = false;
        loss_before(&intake->loss, &free);
        *ret = sd_bus_process(intake->bus, NULL);
        lost = loss_after(&intake->loss, intake->taken);
        if (lost)
                return "sends an invalid message";
        if (loss_read(&intake->loss) > MESSAGE_BYTES_MAX)
                return "sends a message that is too large";
        if (!was_ready && sd_bus_is_ready(intake->bus) > 0)
                begin_messages(intake);
        else if (was_ready && was_between && !intake->taken)
                see_part(intake);
        return NULL;
}

/* Whether sd-bus has more to do although nothing waits. It shall not read then, since that would be what comes just now. */
static bool has_more(const Intake *intake) {
        uint64_t unwritten = 0;

        return !intake->exact || !intake->between || intake->ahead->len > 0 || bytes_waiting(intake) > 0 ||
                sd_bus_get_n_queued_write(intake->bus, &unwritten) < 0 || unwritten > 0;
}

static int step(Intake *intake) {
        const char *wrong = look(intake);
        int r = 0;

        if (!wrong)
                wrong = process(intake, &r);
        intake->again = r > 0 && has_more(intake);
        if (!wrong && !intake->between && intake->fds > 0 &&
                free_fds_lowest(intake->fd) > intake->fds + MESSAGE_FDS_MAX)
                wrong = "sends more descriptors than belong to a message";
        if (wrong || r < 0)
                end(intake, wrong);
        return 0;
}

static int on_io(sd_event_source *source, int fd, uint32_t events, void *userdata) {
        return step(userdata);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata) {
        Intake *intake = userdata;

        intake->until = UINT64_MAX;
        return step(intake);
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

/*
 * After authentication sd-bus may have read the first message already, and would look at it only when something else arrives
 * (seen with 252 and 262), so it is always asked until it has nothing to do.
 */
void intake_prepare(Intake *intake) {
        uint64_t until = UINT64_MAX;
        int events, r;

        if (intake->over)
                return;
        events = sd_bus_get_events(intake->bus);
        r = events < 0 ? events : sd_bus_get_timeout(intake->bus, &until);
        if (r >= 0)
                r = set_timer(intake, intake->again ? 0 : until);
        if (r >= 0)
                r = sd_event_source_set_io_events(intake->io, (uint32_t) events);
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

void intake_init(Intake *intake, int fd) {
        *intake = (Intake) { .fd = fd, .over = true, .until = UINT64_MAX, .ahead = g_byte_array_new() };
        loss_init(&intake->loss, fd);
        look_at_authentication(intake);
}

int intake_start(Intake *intake, sd_event *event, sd_bus *bus, IntakeEnded ended, void *userdata) {
        int r;

        intake->bus = bus;
        intake->ended = ended;
        intake->userdata = userdata;
        if (sd_bus_is_ready(bus) > 0)
                begin_messages(intake);
        r = add_timers(intake, event);
        if (r < 0)
                return r;
        r = sd_event_add_io(event, &intake->io, intake->fd, EPOLLIN, on_io, intake);
        intake->over = r < 0;
        return r;
}

void intake_stop(Intake *intake) {
        intake->over = true;
        intake->io = sd_event_source_disable_unref(intake->io);
        intake->timer = sd_event_source_disable_unref(intake->timer);
        intake->deadline = sd_event_source_disable_unref(intake->deadline);
        loss_clear(&intake->loss);
        g_clear_pointer(&intake->ahead, g_byte_array_unref);
}
