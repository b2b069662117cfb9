/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client-daemon.h"

#include "bus-end.h"
#include "test.h"

#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>

struct FakeDaemon {
        pthread_t thread;
        int fd;
        FakeDaemonAnswer answer;
        void *userdata;
};

static int on_message(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        FakeDaemon *daemon = userdata;

        return daemon->answer(message, daemon->userdata);
}

static void *serve(void *userdata) {
        FakeDaemon *daemon = userdata;
        sd_bus *bus = bus_end_open(daemon->fd, true);
        sigset_t all;

        /* The client's signals are the client's. */
        sigfillset(&all);
        pthread_sigmask(SIG_BLOCK, &all, NULL);
        sd_bus_add_filter(bus, NULL, on_message, daemon);
        while (sd_bus_is_open(bus) > 0) {
                int r = sd_bus_process(bus, NULL);

                if (r < 0 || (r == 0 && sd_bus_wait(bus, UINT64_MAX) < 0))
                        break;
        }
        sd_bus_flush_close_unref(bus);
        return NULL;
}

FakeDaemon *fake_daemon_start(FakeDaemonAnswer answer, void *userdata, Connection **ret_connection) {
        FakeDaemon *daemon = g_new0(FakeDaemon, 1);
        Connection *connection = g_new0(Connection, 1);
        int fds[2];

        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), 0);
        daemon->answer = answer;
        daemon->userdata = userdata;
        daemon->fd = fds[0];
        assert_int_equal(pthread_create(&daemon->thread, NULL, serve, daemon), 0);
        connection->bus = bus_end_open(fds[1], false);
        *ret_connection = connection;
        return daemon;
}

void fake_daemon_stop(FakeDaemon *daemon) {
        pthread_join(daemon->thread, NULL);
        g_free(daemon);
}
