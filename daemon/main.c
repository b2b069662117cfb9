/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* helicopterd: wires the daemon's parts together and runs them until a signal, or Terminate, ends it. */

#include <errno.h>
#include <glib.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <systemd/sd-daemon.h>

#include "config.h"
#include "daemon/daemon.h"
#include "daemon/file-limit.h"
#include "daemon/unused-memory.h"
#include "helicopter/cleanup.h"
#include "helicopter/error.h"
#include "helicopter/log.h"

static int parse_options(int argc, char **argv) {
        g_autoptr(GOptionContext) context = g_option_context_new("- keep Python jobs debuggable");
        g_autoptr(GError) error = NULL;
        gboolean version = FALSE;
        const GOptionEntry entries[] = {
                { "version", 0, 0, G_OPTION_ARG_NONE, &version, "Show the version", NULL },
                {},
        };

        g_option_context_add_main_entries(context, entries, NULL);
        if (!g_option_context_parse(context, &argc, &argv, &error) || argc > 1) {
                log_error("%s; 'helicopterd --help' shows how it is used.",
                        error ? error->message : "It takes no arguments");
                return -EINVAL;
        }
        if (version)
                puts("helicopterd " HELICOPTER_VERSION);
        return version;
}

static int new_event(sd_event **ret_event) {
        g_autoptr(sd_event) event = NULL;
        sigset_t signals;
        int r;

        sigemptyset(&signals);
        sigaddset(&signals, SIGCHLD);
        sigaddset(&signals, SIGTERM);
        sigaddset(&signals, SIGINT);
        sigprocmask(SIG_BLOCK, &signals, NULL);

        r = sd_event_default(&event);
        if (r < 0)
                return r;
        r = sd_event_add_signal(event, NULL, SIGTERM, NULL, NULL);
        if (r < 0)
                return r;
        r = sd_event_add_signal(event, NULL, SIGINT, NULL, NULL);
        if (r < 0)
                return r;
        r = sd_event_set_watchdog(event, true);
        if (r < 0)
                return r;
        *ret_event = g_steal_pointer(&event);
        return 0;
}

/* 0, or a negative number after having logged why. */
static int run(void) {
        g_autoptr(sd_event) event = NULL;
        g_auto(Daemon) daemon = {};
        int r;

        r = new_event(&event);
        if (r < 0)
                return daemon_failed("The event loop cannot be set up", r);
        r = daemon_start(&daemon, event);
        if (r < 0)
                return r;
        r = sd_event_loop(event);
        sd_notify(false, "STOPPING=1");
        return r < 0 ? daemon_failed("The event loop failed", r) : -r;
}

int main(int argc, char **argv) {
        int r;

        unused_memory_init();
        setlocale(LC_CTYPE, ""); /* GLib writes --help in its encoding */
        log_open("helicopterd");
        r = parse_options(argc, argv);
        if (r != 0)
                return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
        error_register();
        file_limit_raise();
        signal(SIGPIPE, SIG_IGN);
        return run() < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
