/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "config.h"
#include "helicopter/cleanup.h"
#include "lib/wake-snapshot.h"

static int write_snapshot(const WakeSnapshot *snapshot) {
        autofd fd = memfd_create("helicopter-snapshot", MFD_CLOEXEC);
        size_t size = WAKE_SNAPSHOT_HEAD + snapshot->stack_size;

        if (fd < 0)
                return -errno;
        for (size_t done = 0; done < size;) {
                ssize_t n = write(fd, (const char *) snapshot + done, size - done);

                if (n < 0)
                        return -errno;
                done += (size_t) n;
        }
        if (lseek(fd, 0, SEEK_SET) < 0)
                return -errno;
        return g_steal_fd(&fd);
}

/* In the child. Does not return. Signals that are blocked or ignored would stay so. */
static void run(const char *program, pid_t parent, int input, int output, int nothing) {
        sigset_t none;

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
                _exit(EXIT_FAILURE);
        for (int i = 1; i < NSIG; i++)
                signal(i, SIG_DFL);
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        if (dup2(input, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 || dup2(nothing, STDERR_FILENO) < 0)
                _exit(EXIT_FAILURE);
        execl(program, program, NULL);
        _exit(127);
}

int wake_origin_start(const WakeSnapshot *snapshot, pid_t *ret_pid, int *ret_output) {
        const char *program = g_getenv("HELICOPTER_UNWIND") ?: HELICOPTER_UNWIND_PATH;
        autofd input = -1, output = -1, output_end = -1, nothing = -1;
        pid_t self = getpid(), pid;
        int fds[2];

        input = write_snapshot(snapshot);
        if (input < 0)
                return input;
        if (pipe2(fds, O_CLOEXEC) < 0)
                return -errno;
        output = fds[0];
        output_end = fds[1];
        if (fcntl(output, F_SETFL, O_NONBLOCK) < 0)
                return -errno;
        nothing = open("/dev/null", O_WRONLY | O_CLOEXEC);
        if (nothing < 0)
                return -errno;
        pid = fork();
        if (pid < 0)
                return -errno;
        if (pid == 0)
                run(program, self, input, output_end, nothing);
        *ret_pid = pid;
        *ret_output = g_steal_fd(&output);
        return 0;
}
