/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/pager.h"

#include <fcntl.h>
#include <glib.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>

#include "client/report.h"
#include "client/spawn.h"
#include "helicopter/cleanup.h"

/*
 * Leave when it fits the screen (F), show colours (R), cut long lines (S), leave the screen as it is (X), tell where one is
 * (M), end on ^C (K): what systemd's tools have less do.
 */
#define LESS "FRSXMK"

static struct {
        pid_t pid;
        int terminal; /* what stdout was */
        bool has_settings;
        struct termios settings;
        struct sigaction interrupt, quit, pipe;
} pager = { .terminal = -1 };

/* The command, or NULL for none. */
static char **find_command(void) {
        const char *line = g_getenv("SYSTEMD_PAGER") ?: g_getenv("PAGER") ?: "less";
        g_autofree char *path = NULL;
        g_auto(GStrv) argv = NULL;

        if (!g_shell_parse_argv(line, NULL, &argv, NULL) || strcmp(argv[0], "cat") == 0)
                return NULL;
        path = g_find_program_in_path(argv[0]);
        if (!path)
                return NULL;
        g_free(argv[0]);
        argv[0] = g_steal_pointer(&path);
        return g_steal_pointer(&argv);
}

static bool is_wanted(void) {
        const char *terminal = g_getenv("TERM");

        return isatty(STDOUT_FILENO) && terminal && strcmp(terminal, "dumb") != 0;
}

/* In the child. */
static int prepare(void *userdata) {
        const int *input = userdata;
        const char *options = g_getenv("SYSTEMD_LESS");

        if (prctl(PR_SET_PDEATHSIG, SIGTERM) < 0 || dup2(*input, STDIN_FILENO) < 0)
                return -errno;
        g_setenv("LESS", options ?: LESS, options != NULL);
        if (report_utf8())
                g_setenv("LESSCHARSET", "utf-8", false);
        return 0;
}

/* Returns the descriptor of what it reads, or a negative errno. */
static int start(char **argv) {
        autofd input = -1, output = -1;
        int fds[2], r;

        if (pipe2(fds, O_CLOEXEC) < 0)
                return -errno;
        input = fds[0];
        output = fds[1];
        r = spawn(argv[0], argv, prepare, &input, &pager.pid);
        return r < 0 ? r : g_steal_fd(&output);
}

/* ^C and ^\ are the pager's, and that it has ended is seen by what cannot be written. */
static void ignore_signals(void) {
        struct sigaction ignore = { .sa_handler = SIG_IGN };

        sigaction(SIGINT, &ignore, &pager.interrupt);
        sigaction(SIGQUIT, &ignore, &pager.quit);
        sigaction(SIGPIPE, &ignore, &pager.pipe);
}

static void restore_signals(void) {
        sigaction(SIGINT, &pager.interrupt, NULL);
        sigaction(SIGQUIT, &pager.quit, NULL);
        sigaction(SIGPIPE, &pager.pipe, NULL);
}

void pager_open(bool wanted) {
        g_auto(GStrv) argv = wanted && is_wanted() ? find_command() : NULL;
        autofd output = -1;

        if (!argv || pager.terminal >= 0)
                return;
        fflush(stdout);
        pager.terminal = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
        if (pager.terminal < 0)
                return;
        pager.has_settings = tcgetattr(pager.terminal, &pager.settings) == 0;
        output = start(argv);
        if (output >= 0 && dup2(output, STDOUT_FILENO) >= 0)
                ignore_signals();
        else
                close_fd(&pager.terminal);
}

/* Whether nobody reads the pipe any more that is stdout. */
static bool is_gone(void) {
        struct pollfd fd = { .fd = STDOUT_FILENO };

        return poll(&fd, 1, 0) > 0 && fd.revents & POLLERR;
}

/* A pager that was killed leaves the terminal as it had it. */
static void await_end(void) {
        int status = 0;

        while (waitpid(pager.pid, &status, 0) < 0 && errno == EINTR)
                ;
        if (WIFSIGNALED(status) && pager.has_settings && tcgetpgrp(pager.terminal) == getpgrp())
                tcsetattr(pager.terminal, TCSADRAIN, &pager.settings);
}

bool pager_close(void) {
        bool left;

        if (pager.terminal < 0)
                return false;
        left = fflush(stdout) != 0 || ferror(stdout) || is_gone();
        __fpurge(stdout);                    /* what was not taken must not come on the terminal afterwards */
        dup2(pager.terminal, STDOUT_FILENO); /* which ends the pager's input */
        clearerr(stdout);
        await_end();
        close_fd(&pager.terminal);
        restore_signals();
        return left;
}

int pager_terminal(void) {
        if (pager.terminal >= 0)
                return pager.terminal;
        return isatty(STDOUT_FILENO) ? STDOUT_FILENO : -1;
}
