/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/daemon-start.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <systemd/sd-daemon.h>

#include "client/client-error.h"
#include "client/spawn.h"
#include "config.h"
#include "helicopter/cleanup.h"
#include "helicopter/private-socket.h"

char *daemon_log_path(void) {
        return g_build_filename(g_get_user_state_dir(), "helicopter", "daemon.log", NULL);
}

/* The file for the daemon's messages; /dev/null where there is no place for one. */
static int open_log(void) {
        g_autofree char *path = daemon_log_path();
        g_autofree char *folder = g_path_get_dirname(path);
        int fd = -1;

        if (g_mkdir_with_parents(folder, 0700) == 0)
                fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0)
                fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

/* dup2() for a descriptor that is to stay open across exec, wherever it was before. */
static int place(int fd, int number) {
        if (fd == number)
                return fcntl(fd, F_SETFD, 0) < 0 ? -errno : 0;
        return dup2(fd, number) < 0 ? -errno : 0;
}

static int place_stdio(int log) {
        autofd null = open("/dev/null", O_RDONLY | O_CLOEXEC);
        int r;

        if (null < 0)
                return -errno;
        r = place(null, STDIN_FILENO);
        if (r < 0)
                return r;
        r = place(log, STDOUT_FILENO);
        return r < 0 ? r : place(log, STDERR_FILENO);
}

/* The variables of sd_listen_fds(3), which name the process that is to take the sockets. */
static int announce_socket(void) {
        char pid[16];

        snprintf(pid, sizeof pid, "%d", (int) getpid());
        if (setenv("LISTEN_PID", pid, 1) < 0 || setenv("LISTEN_FDS", "1", 1) < 0)
                return -errno;
        unsetenv("LISTEN_FDNAMES");
        return 0;
}

/* Runs in the child: leave it behind as a grandchild that nobody waits for, with the socket as its descriptor 3. */
static int prepare_daemon(void *userdata) {
        int *listener = userdata, log, r;
        pid_t pid;

        if (setsid() < 0)
                return -errno;
        pid = fork();
        if (pid < 0)
                return -errno;
        if (pid > 0)
                _exit(EXIT_SUCCESS);
        if (chdir("/") < 0)
                return -errno;
        log = open_log();
        if (log < 0)
                return log;
        r = place_stdio(log);
        if (r < 0)
                return r;
        r = place(*listener, SD_LISTEN_FDS_START);
        if (r < 0)
                return r;
        /* What a shell or a script has open, such as a lock, is not for a daemon to hold. */
        close_range(SD_LISTEN_FDS_START + 1, UINT_MAX, CLOSE_RANGE_CLOEXEC);
        return announce_socket();
}

static int spawn_daemon(int listener, const char *program) {
        char *argv[] = { (char *) program, NULL };
        autofd high = fcntl(listener, F_DUPFD_CLOEXEC, SD_LISTEN_FDS_START + 1);
        pid_t pid;
        int r;

        /* Above the numbers that are given out, so that none of them is overwritten before it was placed. */
        if (high < 0)
                return -errno;
        r = spawn(program, argv, prepare_daemon, &high, &pid);
        if (r < 0)
                return r;
        waitpid(pid, NULL, 0);
        return 0;
}

int daemon_start(const char *path, sd_bus_error *error) {
        const char *program = g_getenv("HELICOPTER_DAEMON") ?: HELICOPTER_DAEMON_PATH;
        autofd listener = private_socket_listen(path);
        int r;

        if (listener == -EADDRINUSE)
                return 0;
        if (listener < 0)
                return client_error_set(error, listener == -EPERM ? CLIENT_ERROR_NOT_OURS : CLIENT_ERROR_NO_DAEMON,
                        -listener, "Cannot listen on %s: %s", path, g_strerror(-listener));
        r = spawn_daemon(listener, program);
        if (r < 0)
                return client_error_set(
                        error, CLIENT_ERROR_NO_DAEMON, -r, "Cannot start the daemon %s: %s", program, g_strerror(-r));
        return 0;
}
