/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/spawn.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "helicopter/cleanup.h"

static void reset_signals(void) {
        sigset_t none;

        for (int signal_number = 1; signal_number < NSIG; signal_number++)
                signal(signal_number, SIG_DFL);
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
}

/* In the child: become the program, or tell the error through the pipe, which closes by itself when that works. */
static void G_GNUC_NORETURN become(
        const char *file, char *const argv[], SpawnPrepare prepare, void *userdata, int error_fd) {
        int r = 0;

        reset_signals();
        if (prepare)
                r = prepare(userdata);
        if (r >= 0) {
                execv(file, argv);
                r = -errno;
        }
        while (write(error_fd, &r, sizeof r) < 0 && errno == EINTR)
                ;
        _exit(EXIT_FAILURE);
}

/* The error that the child told, or 0 when its end of the pipe was closed without one. */
static int read_error(int fd) {
        ssize_t size;
        int error;

        do
                size = read(fd, &error, sizeof error);
        while (size < 0 && errno == EINTR);
        if (size < 0)
                return -errno;
        return size == sizeof error ? error : 0;
}

static int fork_and_become(const char *file, char *const argv[], SpawnPrepare prepare, void *userdata, int error_fd) {
        pid_t pid = fork();

        if (pid < 0)
                return -errno;
        if (pid == 0)
                become(file, argv, prepare, userdata, error_fd);
        return pid;
}

int spawn(const char *file, char *const argv[], SpawnPrepare prepare, void *userdata, pid_t *ret_pid) {
        autofd read_fd = -1, write_fd = -1;
        int fds[2], pid, r;

        if (pipe2(fds, O_CLOEXEC) < 0)
                return -errno;
        read_fd = fds[0];
        /* Out of the way of the low numbers, which prepare() may give out. */
        write_fd = fcntl(fds[1], F_DUPFD_CLOEXEC, 10);
        close(fds[1]);
        if (write_fd < 0)
                return -errno;
        pid = fork_and_become(file, argv, prepare, userdata, write_fd);
        if (pid < 0)
                return pid;

        close_fd(&write_fd);
        r = read_error(read_fd);
        if (r < 0) {
                waitpid(pid, NULL, 0);
                return r;
        }
        *ret_pid = pid;
        return 0;
}
