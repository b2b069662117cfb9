/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "daemon/daemon.h"

#include <systemd/sd-daemon.h>
#include <time.h>

#include "daemon/ended.h"
#include "daemon/environment-file.h"
#include "helicopter/log.h"

/* Beyond the time that a job may take to start. */
#define ENVIRONMENT_AGE (2 * 60 * G_USEC_PER_SEC)

void daemon_clear(Daemon *daemon) {
        sd_event_source_disable_unref(daemon->clean_up);
        settle_free(daemon->settle);
        user_bus_free(daemon->user_bus);
        listener_stop(&daemon->listener);
        manager_free(daemon->manager);
}

static void serve(void *userdata) {
        Daemon *daemon = userdata;

        listener_open(&daemon->listener);
        sd_notify(false, "READY=1");
}

static int on_clean_up(sd_event_source *source, uint64_t usec, void *userdata) {
        environment_file_remove_old(ENVIRONMENT_AGE);
        return 0;
}

/* Now what is old already, later what the daemon before may have written just now. */
static int clean_up(Daemon *daemon) {
        environment_file_remove_old(ENVIRONMENT_AGE);
        return sd_event_add_time_relative(
                daemon->manager->event, &daemon->clean_up, CLOCK_MONOTONIC, ENVIRONMENT_AGE, 0, on_clean_up, NULL);
}

static int failed(const char *what, int r) {
        log_error("%s: %s.", what, g_strerror(-r));
        return r;
}

static void on_settled(void *userdata) {
        Daemon *daemon = userdata;
        int r;

        ended_load(daemon->manager);
        r = user_bus_take_name(daemon->user_bus, serve, daemon);
        if (r < 0)
                sd_event_exit(daemon->manager->event, failed("The user bus cannot be used", r));
}

int daemon_start(Daemon *daemon, sd_event *event) {
        int r;

        *daemon = (Daemon) {};
        daemon->manager = manager_new(event);
        r = listener_start(&daemon->listener, daemon->manager);
        if (r < 0)
                return r;
        r = user_bus_new(daemon->manager, &daemon->user_bus);
        if (r < 0)
                return failed("The user bus cannot be used", r);
        ended_watch(daemon->manager);
        r = clean_up(daemon);
        if (r < 0)
                return failed("The event loop cannot be used", r);
        r = settle_new(daemon->manager, on_settled, daemon, &daemon->settle);
        if (r < 0)
                return failed("The jobs that run cannot be waited for", r);
        r = listener_accept(&daemon->listener);
        return r < 0 ? failed("The private socket cannot be served", r) : 0;
}
