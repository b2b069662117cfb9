/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a peer has sent of a message that is not whole yet. sd-bus reads it, up to 128 MiB and with as many descriptors
 * as are sent, for as long as it takes; here the arrivals are watched, and a message that is too large or takes too
 * long is told.
 */

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

typedef void (*IntakeExceeded)(const char *why, void *userdata);

typedef struct Intake {
        sd_event_source *arrival;
        sd_event_source *deadline;
        uint64_t bytes;
        unsigned parts_with_fds;
        IntakeExceeded exceeded;
        void *userdata;
} Intake;

/* Watch a socket. intake: zeroed, must stay where it is. 0 or a negative errno; intake_stop() is due in any case. */
int intake_start(Intake *intake, sd_event *event, int socket_fd, IntakeExceeded exceeded, void *userdata);
void intake_stop(Intake *intake);

/* To be called when a message was taken: what has arrived by now is the beginning of the next. */
void intake_message_taken(Intake *intake);
