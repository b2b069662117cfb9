/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "parent/doze.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "helicopter/bus-names.h"
#include "helicopter/cleanup.h"
#include "helicopter/log.h"

#define IDLE_TIME (G_USEC_PER_SEC / 4)

/*
 * The daemon waits for an answer of ours, which may be as long to come as a job takes to end, or is short of descriptors. Until
 * it agrees, it has the connection's memory, and that is all.
 */
#define REFUSED_PAUSE (30 * G_USEC_PER_SEC)
#define CALL_TIMEOUT (10 * G_USEC_PER_SEC)

void doze_init(Doze *doze, sd_event *event, const DozeHooks *hooks, void *userdata) {
        *doze = (Doze) { .event = event, .hooks = hooks, .userdata = userdata, .bell = -1, .socket = -1 };
}

void doze_stop(Doze *doze) {
        doze->bus = NULL;
        doze->idle = sd_event_source_disable_unref(doze->idle);
        doze->ringing = sd_event_source_disable_unref(doze->ringing);
        doze->ended = sd_event_source_disable_unref(doze->ended);
        close_fd(&doze->bell);
        close_fd(&doze->socket);
}

static bool awaits_answer(const Doze *doze) {
        return doze->bell >= 0 && doze->socket < 0;
}

bool doze_is_asked(const Doze *doze) {
        return awaits_answer(doze) && !doze->refused;
}

bool doze_is_on(const Doze *doze) {
        return doze->socket >= 0;
}

int doze_end(Doze *doze) {
        int socket = g_steal_fd(&doze->socket);

        doze_stop(doze);
        return socket;
}

static int on_ringing(sd_event_source *source, int fd, uint32_t events, void *userdata) {
        Doze *doze = userdata;

        doze->hooks->called(doze->userdata);
        return 0;
}

/* The daemon says nothing of its own accord. */
static int on_end(sd_event_source *source, int fd, uint32_t events, void *userdata) {
        Doze *doze = userdata;

        doze->hooks->lost(doze->userdata);
        return 0;
}

static int fall_asleep(Doze *doze) {
        int r;

        doze->socket = fcntl(sd_bus_get_fd(doze->bus), F_DUPFD_CLOEXEC, 0);
        if (doze->socket < 0)
                return -errno;
        doze->bus = NULL;
        doze->idle = sd_event_source_disable_unref(doze->idle);
        r = sd_event_add_io(doze->event, &doze->ringing, doze->bell, EPOLLIN, on_ringing, doze);
        return r < 0 ? r : sd_event_add_io(doze->event, &doze->ended, doze->socket, EPOLLIN, on_end, doze);
}

static void look_again(Doze *doze, uint64_t pause) {
        doze->used = false;
        if (sd_event_source_set_time_relative(doze->idle, pause) < 0 ||
                sd_event_source_set_enabled(doze->idle, SD_EVENT_ONESHOT) < 0)
                log_debug("The connection to the daemon stays awake.");
}

/* Returns whether things are well. */
static bool take_answer(Doze *doze, sd_bus_message *reply) {
        const sd_bus_error *error = sd_bus_message_get_error(reply);
        int agreed = false;

        if (sd_bus_error_has_name(error, SD_BUS_ERROR_UNKNOWN_METHOD)) /* of a daemon that is older */
                return true;
        if (error || sd_bus_message_read(reply, "b", &agreed) < 0)
                return false;
        if (agreed)
                return fall_asleep(doze) >= 0;
        look_again(doze, REFUSED_PAUSE);
        return true;
}

static int on_answer(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        Doze *doze = userdata;
        bool well;

        /* A connection that ends answers its calls first, and its end is told then. */
        if (!awaits_answer(doze) || sd_bus_is_open(doze->bus) <= 0)
                return 0;
        well = take_answer(doze, reply);
        if (!doze_is_on(doze))
                close_fd(&doze->bell);
        if (well)
                doze->hooks->answered(doze->userdata);
        else
                doze->hooks->lost(doze->userdata);
        return 0;
}

static int ask(Doze *doze) {
        g_autoptr(sd_bus_message) message = NULL;
        autofd bell = -1;
        int ends[2], r;

        if (pipe2(ends, O_CLOEXEC) < 0)
                return -errno;
        doze->bell = ends[0];
        doze->refused = false;
        bell = ends[1];
        /* All pipes of a user share 16384 pages, beyond which new ones are small (pipe(7)): this one needs none of its 16. */
        (void) fcntl(bell, F_SETPIPE_SZ, 1);
        r = sd_bus_message_new_method_call(
                doze->bus, &message, NULL, HELICOPTER_OBJECT, HELICOPTER_REGISTRY_INTERFACE, "Doze");
        if (r >= 0)
                r = sd_bus_message_append(message, "h", bell);
        return r < 0 ? r : sd_bus_call_async(doze->bus, NULL, message, on_answer, doze, CALL_TIMEOUT);
}

static int on_idle(sd_event_source *source, uint64_t usec, void *userdata) {
        Doze *doze = userdata;
        int r;

        if (doze->used) {
                look_again(doze, IDLE_TIME);
                return 0;
        }
        r = ask(doze);
        if (r < 0) {
                close_fd(&doze->bell);
                log_debug("The connection to the daemon cannot doze: %s.", g_strerror(-r));
                look_again(doze, REFUSED_PAUSE);
        }
        return 0;
}

static int on_message(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Doze *doze = userdata;

        doze->used = true;
        /* The daemon has sent it before it has come to the question, which it answers while this order has no answer. */
        if (awaits_answer(doze) && sd_bus_message_is_method_call(message, NULL, NULL) > 0)
                doze->refused = true;
        return 0;
}

void doze_watch(Doze *doze, sd_bus *bus) {
        int r;

        doze_stop(doze);
        doze->bus = bus;
        r = sd_bus_add_filter(bus, NULL, on_message, doze);
        if (r >= 0)
                r = sd_event_add_time_relative(doze->event, &doze->idle, CLOCK_MONOTONIC, IDLE_TIME, 0, on_idle, doze);
        if (r < 0)
                log_debug("The connection to the daemon will not doze: %s.", g_strerror(-r));
}
