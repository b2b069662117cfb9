/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/session.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>

#include "client/client-error.h"
#include "client/spawn.h"
#include "config.h"
#include "helicopter/cleanup.h"
#include "helicopter/error.h"
#include "helicopter/private-socket.h"
#include "helicopter/process.h"

/* Between the target's end and the debugger's, in microseconds. */
#define DRAIN_TIME (200 * 1000)

static const struct {
        SessionEnd end;
        const char *error;
} remedies[] = {
        { SESSION_NOT_PERMITTED, HELICOPTER_ERROR_NOT_PERMITTED },
        { SESSION_TARGET_GONE, HELICOPTER_ERROR_TARGET_GONE },
        { SESSION_INCOMPATIBLE, HELICOPTER_ERROR_PYTHON_TOO_OLD },
        { SESSION_DISABLED, HELICOPTER_ERROR_REMOTE_DEBUG_DISABLED },
        { SESSION_NO_ANSWER, CLIENT_ERROR_BLOCKED },
        { SESSION_BUSY, CLIENT_ERROR_DEBUGGER_BUSY },
};

const char *session_remedy(int end) {
        for (size_t i = 0; i < G_N_ELEMENTS(remedies); i++)
                if ((int) remedies[i].end == end)
                        return remedies[i].error;
        return NULL;
}

/* In the child. It goes when we go, since then the permission goes too. */
static int prepare_debugger(void *userdata) {
        const Session *session = userdata;

        if (prctl(PR_SET_PDEATHSIG, SIGTERM) < 0)
                return -errno;
        if (getppid() != session->client)
                return -ESRCH;
        if (session->interpreter->library_path)
                setenv("LD_LIBRARY_PATH", session->interpreter->library_path, false);
        return 0;
}

/* Start the script. Its folder in the runtime folder is private, and the job can read it. */
static int start_debugger(Session *session) {
        g_autofree char *script =
                g_build_filename(g_getenv("HELICOPTER_DATA") ?: HELICOPTER_DATA_PATH, "attach.py", NULL);
        g_autofree char *pid = g_strdup_printf("%d", (int) session->target);
        g_autofree char *timeout = g_strdup_printf("timeout=%.3f", (double) session->timeout / G_USEC_PER_SEC);
        g_autofree char *socket = private_socket_path();
        g_autofree char *folder = g_path_get_dirname(socket);
        g_autofree char *scratch = g_strconcat("scratch=", folder, NULL);
        char *argv[] = { session->interpreter->name, (char *) "-I", script, pid, timeout, scratch, NULL };

        session->client = getpid();
        return spawn(session->interpreter->file, argv, prepare_debugger, session, &session->debugger);
}

static void end_debugger(Session *session) {
        syscall(SYS_pidfd_send_signal, session->debugger_fd, SIGTERM, NULL, 0);
}

static int on_debugger_end(sd_event_source *source, int fd, uint32_t events, void *userdata) {
        return sd_event_exit(sd_event_source_get_event(source), 0);
}

/* Our permission is gone, and the job listens to one debugger only: make room for the one that was asked to take over.
 */
static void on_job_changed(JobWatch *watch, void *userdata) {
        Session *session = userdata;

        if (watch->info->tracer_pid == 0 || watch->info->tracer_pid == (uint32_t) getpid() || session->taken_over)
                return;
        session->taken_over = true;
        end_debugger(session);
}

static int on_drained(sd_event_source *source, uint64_t time, void *userdata) {
        end_debugger(userdata);
        return 0;
}

/* At its prompt pdb does not notice; elsewhere it does, and shows what the target said last. */
static int on_target_end(sd_event_source *source, int fd, uint32_t events, void *userdata) {
        Session *session = userdata;

        session->target_gone = true;
        sd_event_source_set_enabled(source, SD_EVENT_OFF);
        return sd_event_add_time_relative(
                sd_event_source_get_event(source), NULL, CLOCK_MONOTONIC, DRAIN_TIME, 0, on_drained, session);
}

static int watch_processes(Session *session, sd_event *event) {
        int r;

        r = sd_event_add_io(event, NULL, session->debugger_fd, EPOLLIN, on_debugger_end, NULL);
        if (r < 0 || session->target_fd < 0)
                return r;
        return sd_event_add_io(event, NULL, session->target_fd, EPOLLIN, on_target_end, session);
}

/* Wait for the debugger's end, and read what the daemon sends meanwhile. */
static int wait_for_debugger(Session *session) {
        sd_bus *bus = session->watch->connection->bus;
        g_autoptr(sd_event) event = NULL;
        int r;

        r = sd_event_new(&event);
        if (r < 0)
                return r;
        r = watch_processes(session, event);
        if (r < 0)
                return r;
        if (sd_bus_is_open(bus) > 0) {
                sd_bus_set_close_on_exit(bus, false); /* it is needed after the loop */
                sd_bus_attach_event(bus, event, SD_EVENT_PRIORITY_NORMAL);
        }
        job_watch_notify(session->watch, on_job_changed, session);
        r = sd_event_loop(event);
        job_watch_notify(session->watch, NULL, NULL);
        sd_bus_detach_event(bus);
        return r;
}

/* The SessionEnd of the ended debugger. */
static int reap(pid_t pid) {
        int status;

        while (waitpid(pid, &status, 0) < 0)
                if (errno != EINTR)
                        return -errno;
        return WIFEXITED(status) ? WEXITSTATUS(status) : SESSION_ENDED;
}

static int hold(Session *session) {
        autofd target = process_open(session->target), debugger = -1;
        int r;

        r = start_debugger(session);
        if (r < 0)
                return r;
        debugger = process_open(session->debugger);
        session->target_fd = target;
        session->debugger_fd = debugger;
        if (debugger >= 0)
                wait_for_debugger(session);
        return reap(session->debugger);
}

int session_run(Session *session) {
        struct sigaction ignore = { .sa_handler = SIG_IGN }, interrupt, quit;
        struct termios terminal;
        bool has_terminal = tcgetattr(STDIN_FILENO, &terminal) == 0;
        int r;

        sigaction(SIGINT, &ignore, &interrupt);
        sigaction(SIGQUIT, &ignore, &quit);
        r = hold(session);
        /* A debugger that was killed at its prompt leaves the terminal without echo. */
        if (has_terminal && r == SESSION_ENDED && tcgetpgrp(STDIN_FILENO) == getpgrp())
                tcsetattr(STDIN_FILENO, TCSADRAIN, &terminal);
        sigaction(SIGINT, &interrupt, NULL);
        sigaction(SIGQUIT, &quit, NULL);
        return r;
}
