/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/foreground.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>

#include "client/spawn.h"
#include "helicopter/cleanup.h"
#include "helicopter/process.h"

/*
 * SIGINT or SIGQUIT, typed before there was a program to take it: in the child, whose memory is that of the moment of the fork, and
 * which has the handler a little longer.
 */
static volatile sig_atomic_t interrupted;

void foreground_kill(const Foreground *foreground, int signal_number) {
        syscall(SYS_pidfd_send_signal, foreground->pidfd, signal_number, NULL, 0);
}

/* In the child. It goes when we go, since then the permission goes too. */
static int prepare(void *userdata) {
        const Foreground *foreground = userdata;
        sigset_t interrupt;

        sigemptyset(&interrupt);
        sigaddset(&interrupt, SIGINT);
        if (foreground->holds_interrupts && sigprocmask(SIG_BLOCK, &interrupt, NULL) < 0)
                return -errno;
        if (interrupted)
                raise(interrupted);
        if (prctl(PR_SET_PDEATHSIG, SIGTERM) < 0)
                return -errno;
        if (getppid() != foreground->client)
                return -ESRCH;
        if (foreground->pass_fd >= 0 && fcntl(foreground->pass_fd, F_SETFD, 0) < 0)
                return -errno;
        if (foreground->library_path)
                setenv("LD_LIBRARY_PATH", foreground->library_path, false);
        return 0;
}

static int on_end(sd_event_source *source, int fd, uint32_t events, void *userdata) {
        return sd_event_exit(sd_event_source_get_event(source), 0);
}

static int on_timeout(sd_event_source *source, uint64_t time, void *userdata) {
        Foreground *foreground = userdata;

        foreground->timed_out = true;
        foreground_kill(foreground, SIGKILL);
        return 0;
}

static void on_job_changed(JobWatch *watch, void *userdata) {
        Foreground *foreground = userdata;
        uint32_t tracer = watch->info->tracer_pid;

        if (tracer == 0 || tracer == (uint32_t) foreground->client || foreground->taken_over)
                return;
        foreground->taken_over = true;
        if (foreground->lost)
                foreground->lost(foreground);
}

static int add_sources(Foreground *foreground, sd_event *event) {
        int r;

        r = sd_event_add_io(event, NULL, foreground->pidfd, EPOLLIN, on_end, NULL);
        if (r >= 0 && foreground->timeout > 0)
                r = sd_event_add_time_relative(
                        event, NULL, CLOCK_MONOTONIC, foreground->timeout, 0, on_timeout, foreground);
        if (r >= 0 && foreground->started)
                r = foreground->started(foreground, event);
        return r;
}

/* Handle events, and what the daemon sends, until the program has ended. */
static int loop(Foreground *foreground, sd_event *event) {
        JobWatch *watch = foreground->watch;
        sd_bus *bus = watch && sd_bus_is_open(watch->connection->bus) > 0 ? watch->connection->bus : NULL;
        int r;

        if (bus) {
                sd_bus_set_close_on_exit(bus, false); /* it is needed after the loop */
                sd_bus_attach_event(bus, event, SD_EVENT_PRIORITY_NORMAL);
        }
        r = add_sources(foreground, event);
        if (watch)
                job_watch_notify(watch, on_job_changed, foreground);
        if (r >= 0)
                r = sd_event_loop(event);
        if (watch)
                job_watch_notify(watch, NULL, NULL);
        if (bus)
                sd_bus_detach_event(bus);
        return r;
}

/* Where waiting fails, the program must not be left alone with a permission that nobody ends. */
static void wait_for_end(Foreground *foreground) {
        g_autoptr(sd_event) event = NULL;

        if (sd_event_new(&event) < 0 || loop(foreground, event) < 0)
                foreground_kill(foreground, SIGTERM);
}

static int reap(pid_t pid) {
        int status;

        while (waitpid(pid, &status, 0) < 0)
                if (errno != EINTR)
                        return -errno;
        return status;
}

static void note_interrupt(int signal_number) {
        interrupted = signal_number;
}

static void set_interrupts(void (*handler)(int)) {
        struct sigaction action = { .sa_handler = handler, .sa_flags = SA_RESTART };

        sigaction(SIGINT, &action, NULL);
        sigaction(SIGQUIT, &action, NULL);
}

static int run(Foreground *foreground) {
        autofd pidfd = -1;
        int r;

        foreground->client = getpid();
        r = spawn(foreground->file, foreground->argv, prepare, foreground, &foreground->pid);
        if (r < 0)
                return r;
        set_interrupts(SIG_IGN);
        pidfd = process_open(foreground->pid);
        foreground->pidfd = pidfd;
        if (pidfd >= 0)
                wait_for_end(foreground);
        r = reap(foreground->pid);
        foreground->pidfd = -1;
        return r;
}

int foreground_run(Foreground *foreground) {
        struct termios terminal;
        struct sigaction interrupt, quit;
        bool has_terminal = tcgetattr(STDIN_FILENO, &terminal) == 0;
        int r;

        sigaction(SIGINT, NULL, &interrupt);
        sigaction(SIGQUIT, NULL, &quit);
        interrupted = 0;
        set_interrupts(note_interrupt);
        r = run(foreground);
        if (has_terminal && r >= 0 && WIFSIGNALED(r) && tcgetpgrp(STDIN_FILENO) == getpgrp())
                tcsetattr(STDIN_FILENO, TCSADRAIN, &terminal);
        sigaction(SIGINT, &interrupt, NULL);
        sigaction(SIGQUIT, &quit, NULL);
        return r;
}
