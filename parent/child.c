/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "parent/child.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "helicopter/cleanup.h"
#include "helicopter/process.h"

static bool has_controlling_terminal(void) {
        autofd fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);

        return fd >= 0;
}

/* In the child. Does not return. */
static void run_child(
        char **command, char **environment, const sigset_t *mask, pid_t parent, bool has_terminal, int go, int told) {
        char released;
        int error;

        /*
         * Without its parent the job could never be debugged again, and nobody would tell how it ended: it is asked to
         * end too. The parent may have ended before this takes effect.
         */
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        if (getppid() != parent)
                _exit(EXIT_FAILURE);
        if (!has_terminal)
                setsid();
        if (read(go, &released, 1) != 1)
                _exit(EXIT_FAILURE);
        if (environment)
                environ = environment;
        sigprocmask(SIG_SETMASK, mask, NULL);
        execvp(command[0], command);
        error = errno;
        if (write(told, &error, sizeof error) < 0)
                _exit(EXIT_FAILURE);
        _exit(127);
}

int child_fork(char **command, char **environment, const sigset_t *mask, Child *ret_child) {
        autofd go_read = -1, go_write = -1, told_read = -1, told_write = -1, pidfd = -1;
        bool has_terminal = has_controlling_terminal();
        pid_t self = getpid(), pid;
        int go[2], told[2];

        if (pipe2(go, O_CLOEXEC) < 0)
                return -errno;
        go_read = go[0];
        go_write = go[1];
        if (pipe2(told, O_CLOEXEC) < 0)
                return -errno;
        told_read = told[0];
        told_write = told[1];

        pid = fork();
        if (pid < 0)
                return -errno;
        if (pid == 0) {
                close_fd(&go_write); /* else the end of the parent would not be its end of file */
                run_child(command, environment, mask, self, has_terminal, go_read, told_write);
        }
        pidfd = process_open(pid);
        if (pidfd < 0) {
                int r = pidfd;

                kill(pid, SIGKILL); /* not waited for yet, so the pid is still its */
                return r;
        }
        *ret_child = (Child) {
                .pid = pid,
                .pidfd = g_steal_fd(&pidfd),
                .go = g_steal_fd(&go_write),
                .told = g_steal_fd(&told_read),
                .has_terminal = has_terminal,
        };
        return 0;
}

void child_release(Child *child) {
        if (child->go < 0)
                return;
        /* It can only fail when the child has been killed, which its exit status will tell. */
        if (write(child->go, "", 1) < 0)
                child_kill(child, SIGKILL);
        close_fd(&child->go);
}

int child_exec_result(Child *child) {
        int error = 0;
        ssize_t n = read(child->told, &error, sizeof error);

        close_fd(&child->told);
        return n == sizeof error ? -error : 0;
}

void child_kill(const Child *child, int signal) {
        syscall(SYS_pidfd_send_signal, child->pidfd, signal, NULL, 0);
}

void child_close(Child *child) {
        close_fd(&child->go);
        close_fd(&child->told);
        close_fd(&child->pidfd);
}
