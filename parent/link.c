/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "parent/link.h"

#include <errno.h>
#include <sys/inotify.h>
#include <time.h>

#include "helicopter/bus-names.h"
#include "helicopter/cleanup.h"
#include "helicopter/error.h"
#include "helicopter/log.h"
#include "helicopter/private-socket.h"
#include "parent/doze.h"
#include "parent/parent-bus.h"
#include "parent/properties.h"

/* How long the start of the command is held back for the daemon to check the name. */
#define HOLD_TIMEOUT (3 * G_USEC_PER_SEC)
#define CALL_TIMEOUT (10 * G_USEC_PER_SEC)

#define PAUSE_MIN (G_USEC_PER_SEC / 50)
#define PAUSE_MAX (30 * G_USEC_PER_SEC)
#define PAUSE_MAX_UNWATCHED G_USEC_PER_SEC

struct Link {
        Supervisor *supervisor; /* not owned */
        char *path;             /* of the private socket */
        char *name;             /* wanted, then given */
        bool exact;             /* no other name will do */
        sd_bus *bus;            /* NULL while there is no connection, or it dozes */
        Doze doze;
        bool registered;
        bool changed;       /* something has, since the registration was sent that is not answered yet */
        bool knows;         /* the daemon has taken, or is about to take, what was told */
        JobProperties told; /* the last time; while it is not known, empty */
        unsigned untold;    /* updates that were not answered yet */
        bool late;    /* there is something to be told once the daemon has said whether the connection is to doze */
        sd_bus *dead; /* a connection given up, to be closed */
        sd_event_source *burial;
        uint64_t pause;
        sd_event_source *retry;
        sd_event_source *appearance; /* the socket's folder is watched, while there is no connection */
        sd_event_source *hold;
};

static void connect_again(Link *link);

static void update(Link *link);

static int on_burial(sd_event_source *source, void *userdata) {
        Link *link = userdata;

        link->dead = sd_bus_close_unref(link->dead);
        if (link->late)
                update(link);
        return 0;
}

/* Later, for this may be a callback of the connection: sd-bus aborts when it is closed in one (seen with 252 and 262).
 */
static void end_bus(Link *link) {
        int r;

        sd_bus_close_unref(link->dead);
        link->dead = g_steal_pointer(&link->bus);
        link->burial = sd_event_source_disable_unref(link->burial);
        r = sd_event_add_defer(link->supervisor->event, &link->burial, on_burial, link);
        if (r >= 0) /* before anything else that it may have to say */
                r = sd_event_source_set_priority(link->burial, SD_EVENT_PRIORITY_IMPORTANT);
        if (r < 0)
                log_error("A connection to the daemon stays open: %s.", g_strerror(-r));
}

static void disconnect(Link *link) {
        end_bus(link);
        doze_stop(&link->doze);
        link->registered = link->knows = link->late = false;
        link->untold = 0;
}

static void release(Link *link) {
        link->hold = sd_event_source_disable_unref(link->hold);
        supervisor_release(link->supervisor);
}

/* The daemon is not there: the job must not wait for it. */
static void give_up_for_now(Link *link) {
        disconnect(link);
        release(link);
        supervisor_not_told(link->supervisor);
        connect_again(link);
}

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata);

static int on_appearance(sd_event_source *source, const struct inotify_event *event, void *userdata);

static int watch_folder(Link *link) {
        g_autofree char *folder = g_path_get_dirname(link->path);

        if (link->appearance)
                return 0;
        if (g_mkdir_with_parents(folder, 0700) < 0)
                return -errno;
        return sd_event_add_inotify(link->supervisor->event, &link->appearance, folder,
                IN_CREATE | IN_MOVED_TO | IN_ONLYDIR, on_appearance, link);
}

/*
 * Only while there is no connection: a user has 128 inotify instances (fs.inotify.max_user_instances), and each job has a
 * parent. Where none is to be had, the pauses have to do, and are short.
 */
static uint64_t longest_pause(Link *link) {
        int r = watch_folder(link);

        if (r >= 0)
                return PAUSE_MAX;
        log_debug("The folder of %s cannot be watched: %s.", link->path, g_strerror(-r));
        return PAUSE_MAX_UNWATCHED;
}

static void connect_again(Link *link) {
        uint64_t longest = longest_pause(link);
        int r;

        link->retry = sd_event_source_disable_unref(link->retry);
        r = sd_event_add_time_relative(
                link->supervisor->event, &link->retry, CLOCK_MONOTONIC, link->pause, 0, on_retry, link);
        if (r < 0)
                log_error("The daemon will not be looked for any more: %s.", g_strerror(-r));
        link->pause = MIN(link->pause * 2, longest);
}

static int on_disconnected(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        log_debug("The daemon is gone; the job goes on.");
        give_up_for_now(userdata);
        return 0;
}

static void set_told(Link *link, JobProperties *told) {
        job_properties_clear(&link->told);
        link->told = *told;
        *told = (JobProperties) {};
        link->knows = true;
}

/* A call of the registry with what is to be told, the whole of it where the daemon does not know any. */
static int send(Link *link, const char *method, sd_bus_message_handler_t on_reply) {
        const JobProperties *before = link->knows ? &link->told : NULL;
        g_autoptr(sd_bus_message) message = NULL;
        g_auto(JobProperties) now;
        int r;

        properties_fill(link->supervisor, before, &now);
        r = sd_bus_message_new_method_call(
                link->bus, &message, NULL, HELICOPTER_OBJECT, HELICOPTER_REGISTRY_INTERFACE, method);
        if (r < 0)
                return r;
        if (!link->registered) {
                r = sd_bus_message_append(message, "sb", link->name, link->exact);
                if (r < 0)
                        return r;
        }
        r = properties_append(message, link->supervisor, &now, before);
        if (r < 0)
                return r;
        r = sd_bus_call_async(link->bus, NULL, message, on_reply, link, CALL_TIMEOUT);
        if (r >= 0)
                set_told(link, &now);
        return r;
}

static int on_updated(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        Link *link = userdata;
        const sd_bus_error *error = sd_bus_message_get_error(reply);

        if (error) {
                log_debug("The daemon did not take the news: %s", error->message);
                link->knows = false;
        }
        if (--link->untold > 0)
                return 0;
        if (sd_bus_error_has_name(error, SD_BUS_ERROR_NO_REPLY)) /* it is gone, or hangs */
                supervisor_not_told(link->supervisor);
        else
                supervisor_told_end(link->supervisor);
        return 0;
}

static bool wake(Link *link);

static void update(Link *link) {
        int r;

        link->late = doze_is_asked(&link->doze);
        if (link->late || !wake(link))
                return;
        r = send(link, "Update", on_updated);
        if (r >= 0) {
                link->untold++;
                return;
        }
        log_debug("The daemon cannot be told: %s.", g_strerror(-r));
        if (link->untold == 0)
                supervisor_not_told(link->supervisor);
}

/* The name was free when the job started, or nobody was there to ask: the job keeps running, under another name. */
static void take_another_name(Link *link, const char *why) {
        log_warning("%s; the job will be listed under a name with a number.", why);
        link->exact = false;
        link->pause = PAUSE_MIN;
        disconnect(link);
        connect_again(link);
}

static void refused(Link *link, const sd_bus_error *error) {
        bool name_in_use = sd_bus_error_has_name(error, HELICOPTER_ERROR_JOB_EXISTS);
        bool not_started = link->supervisor->child.go >= 0;
        g_autofree char *reason = NULL;

        if (name_in_use && not_started) {
                reason = g_strdup_printf("%s %s", error->message, error_remedy(error->name));
                supervisor_refuse(link->supervisor, reason);
        } else if (name_in_use && link->exact) {
                take_another_name(link, error->message);
        } else if (sd_bus_error_has_name(error, SD_BUS_ERROR_NO_REPLY)) {
                log_debug("The daemon did not answer; the job goes on.");
                give_up_for_now(link);
        } else {
                log_warning("The daemon did not register the job: %s", error->message);
                give_up_for_now(link);
        }
}

static int on_registered(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        Link *link = userdata;
        const sd_bus_error *error = sd_bus_message_get_error(reply);
        const char *name;
        int r;

        if (error) {
                /* A connection that ends answers its calls first; on_disconnected() follows. */
                if (sd_bus_is_open(link->bus) > 0)
                        refused(link, error);
                return 0;
        }
        r = sd_bus_message_read(reply, "s", &name);
        if (r < 0)
                return r;
        g_free(link->name);
        link->name = g_strdup(name);
        link->exact = true; /* what it is known by now is what it is to be known by after a restart of the daemon */
        link->registered = true;
        link->pause = PAUSE_MIN;
        link->appearance = sd_event_source_disable_unref(link->appearance);
        supervisor_lock(link->supervisor);
        doze_watch(&link->doze, link->bus);
        release(link); /* which may tell an end */
        /* An end that the registration has told is told once more: the answer to that is what the parent waits for. */
        if (link->untold == 0 && (link->changed || supervisor_job_has_ended(link->supervisor)))
                update(link);
        return 0;
}

static int open_bus(Link *link, int fd) {
        int r;

        r = sd_bus_new(&link->bus);
        if (r >= 0)
                r = sd_bus_set_fd(link->bus, fd, fd);
        if (r < 0) {
                close(fd);
                return r;
        }
        /* At the end of the event loop sd-bus would wait, without an end, for a daemon that does not answer. */
        r = sd_bus_set_close_on_exit(link->bus, false);
        if (r < 0)
                return r;
        r = sd_bus_negotiate_fds(link->bus, true);
        if (r < 0)
                return r;
        r = sd_bus_start(link->bus);
        if (r < 0)
                return r;
        r = sd_bus_match_signal_async(link->bus, NULL, NULL, "/org/freedesktop/DBus/Local",
                "org.freedesktop.DBus.Local", "Disconnected", on_disconnected, NULL, link);
        if (r < 0)
                return r;
        r = parent_export(link->supervisor, link->bus);
        if (r < 0)
                return r;
        return sd_bus_attach_event(link->bus, link->supervisor->event, SD_EVENT_PRIORITY_NORMAL);
}

/* Where the connection dozes, begin it anew. False when it is lost by that; then all is told with the next registration. */
static bool wake(Link *link) {
        int r;

        if (!doze_is_on(&link->doze))
                return true;
        r = open_bus(link, doze_end(&link->doze));
        if (r < 0) {
                log_debug("The connection to the daemon cannot be begun anew: %s.", g_strerror(-r));
                give_up_for_now(link);
                return false;
        }
        doze_watch(&link->doze, link->bus);
        return true;
}

static void on_doze_answered(void *userdata) {
        Link *link = userdata;

        if (doze_is_on(&link->doze))
                end_bus(link); /* what is late is told when that has been done: it might end another one */
        else if (link->late)
                update(link);
}

/* The daemon waits for a word before it says anything itself. */
static void on_doze_called(void *userdata) {
        update(userdata);
}

static void on_doze_lost(void *userdata) {
        log_debug("The daemon is gone, or does not answer; the job goes on.");
        give_up_for_now(userdata);
}

static const DozeHooks doze_hooks = {
        .answered = on_doze_answered,
        .called = on_doze_called,
        .lost = on_doze_lost,
};

static int try_connect(Link *link) {
        int fd = private_socket_connect(link->path);
        int r;

        if (fd < 0)
                return fd;
        r = open_bus(link, fd);
        if (r < 0)
                return r;
        link->changed = false;
        return send(link, "Register", on_registered);
}

static void connect_now(Link *link) {
        int r = try_connect(link);

        if (r >= 0)
                return;
        log_debug("The daemon cannot be reached at %s: %s.", link->path, g_strerror(-r));
        give_up_for_now(link);
}

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata) {
        Link *link = userdata;

        link->retry = sd_event_source_disable_unref(link->retry);
        connect_now(link);
        return 0;
}

/* A socket has appeared. It may not be listened to yet, so there is a first short pause. */
static int on_appearance(sd_event_source *source, const struct inotify_event *event, void *userdata) {
        Link *link = userdata;

        if (event->mask & IN_IGNORED) /* the folder was removed; the next one is watched below */
                link->appearance = sd_event_source_disable_unref(link->appearance);
        if (link->bus)
                return 0;
        link->pause = PAUSE_MIN;
        connect_again(link);
        return 0;
}

static int on_hold_end(sd_event_source *source, uint64_t usec, void *userdata) {
        release(userdata);
        return 0;
}

int link_new(Supervisor *supervisor, Link **ret_link) {
        Link *link = g_new(Link, 1);
        int r;

        *link = (Link) {
                .supervisor = supervisor,
                .path = private_socket_path(),
                .name = g_strdup(supervisor->options->name),
                .exact = supervisor->options->name_is_given,
                .pause = PAUSE_MIN,
        };
        doze_init(&link->doze, supervisor->event, &doze_hooks, link);
        *ret_link = link; /* what follows may call back */
        r = sd_event_add_time_relative(
                supervisor->event, &link->hold, CLOCK_MONOTONIC, HOLD_TIMEOUT, 0, on_hold_end, link);
        if (r < 0)
                return r;
        connect_now(link);
        return 0;
}

Link *link_free(Link *link) {
        if (!link)
                return NULL;
        doze_stop(&link->doze);
        sd_bus_close_unref(link->bus);
        sd_bus_close_unref(link->dead);
        sd_event_source_disable_unref(link->burial);
        sd_event_source_disable_unref(link->retry);
        sd_event_source_disable_unref(link->appearance);
        sd_event_source_disable_unref(link->hold);
        job_properties_clear(&link->told);
        g_free(link->path);
        g_free(link->name);
        g_free(link);
        return NULL;
}

void link_update(Link *link) {
        if (link->registered)
                update(link);
        else
                link->changed = true;
}

int link_answer_grant(Link *link, sd_bus_message *answer) {
        const JobProperties *before = link->knows ? &link->told : NULL;
        g_auto(JobProperties) now = {};
        int r;

        if (before)
                properties_fill_granted(link->supervisor, before, &now);
        else
                properties_fill(link->supervisor, NULL, &now);
        r = properties_append(answer, link->supervisor, &now, before);
        if (r >= 0)
                r = sd_bus_message_send(answer);
        /* Nobody learns of it where the connection that the call came over has been lost since. */
        if (r >= 0 && sd_bus_message_get_bus(answer) == link->bus)
                set_told(link, &now);
        return r;
}

bool link_is_new(const Link *link) {
        return link->hold;
}

const char *link_job_name(const Link *link) {
        return link->name;
}

bool link_tell_end(Link *link) {
        if (!link->bus && !doze_is_on(&link->doze))
                return false;
        /* Where the registration is not answered yet, on_registered() tells it. */
        link_update(link);
        return true;
}
