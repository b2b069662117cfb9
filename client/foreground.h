/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A program in the foreground of the user's terminal, while the client waits for its end and keeps its own connection alive. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "client/job-wait.h"

typedef struct Foreground Foreground;

struct Foreground {
        const char *file;
        char *const *argv;
        const char *library_path; /* its LD_LIBRARY_PATH where ours has none, or NULL */
        int pass_fd;              /* stays open in the program, under the same number; -1: none */
        bool holds_interrupts;    /* begin with SIGINT blocked: the program takes it when it can */
        uint64_t timeout;         /* in microseconds, then it is killed; 0: none */
        JobWatch *watch;          /* whose daemon is listened to meanwhile, or NULL */
        /* Called when the program runs, to have more waited for (NULL: nothing). A negative errno ends the program. */
        int (*started)(Foreground *foreground, sd_event *event);
        /* Called once, when somebody else was given the job (NULL: nothing happens). */
        void (*lost)(Foreground *foreground);
        void *userdata;
        /* Set while it runs, and left set. */
        pid_t client, pid;
        int pidfd;
        bool taken_over; /* somebody else was given the job */
        bool timed_out;
};

/*
 * Run it to its end. SIGINT and SIGQUIT of the terminal are the program's alone meanwhile; it gets a SIGTERM when the
 * client dies. When a signal ends it, the terminal's settings are put back. Returns its wait(2) status, or a negative errno when it
 * could not be run (execve's own, for one).
 */
int foreground_run(Foreground *foreground);

/* Send a signal to the program. */
void foreground_kill(const Foreground *foreground, int signal_number);
