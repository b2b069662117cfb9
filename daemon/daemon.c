/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "daemon/daemon.h"

#include <systemd/sd-daemon.h>

#include "daemon/ended.h"
#include "helicopter/log.h"

int daemon_failed(const char *what, int r) {
        log_error("%s: %s; this daemon ends, and one is started again when it is needed.", what, g_strerror(-r));
        return r;
}

void daemon_clear(Daemon *daemon) {
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

static void on_settled(void *userdata) {
        Daemon *daemon = userdata;
        int r;

        ended_load(daemon->manager);
        r = user_bus_take_name(daemon->user_bus, serve, daemon);
        if (r < 0)
                sd_event_exit(daemon->manager->event, daemon_failed("The user bus cannot be used", r));
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
                return daemon_failed("The user bus cannot be used", r);
        ended_watch(daemon->manager);
        r = settle_new(daemon->manager, on_settled, daemon, &daemon->settle);
        if (r < 0)
                return daemon_failed("The jobs that run cannot be waited for", r);
        r = listener_accept(&daemon->listener);
        return r < 0 ? daemon_failed("The private socket cannot be served", r) : 0;
}
