/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A debugger's session: the attach script, run by the job's own interpreter in the foreground of the user's terminal.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "client/interpreter.h"
#include "client/job-wait.h"

/* The exit codes of attach.py. */
typedef enum SessionEnd {
        SESSION_HELD = 0,
        SESSION_FAILED = 1,
        SESSION_NOT_PERMITTED = 10,
        SESSION_TARGET_GONE = 11,
        SESSION_INCOMPATIBLE = 12,
        SESSION_DISABLED = 13,
        SESSION_NO_ANSWER = 14,
        SESSION_INTERRUPTED = 15,
        SESSION_BUSY = 16,
        SESSION_ENDED = 17, /* by a signal before the first prompt; after that it was a session */
} SessionEnd;

typedef struct Session {
        const Interpreter *interpreter;
        pid_t target;
        uint64_t timeout; /* for the job's answer, in microseconds */
        JobWatch *watch;  /* who holds the job meanwhile */
        pid_t client, debugger;
        int target_fd, debugger_fd;
        bool target_gone; /* set by session_run(): the target ended, and so the session was ended */
        bool taken_over;  /* set by session_run(): somebody else was given the job, which ended the session */
} Session;

/*
 * Run it to its end, or the target's. SIGINT and SIGQUIT of the terminal are the debugger's alone meanwhile. Returns a
 * SessionEnd, or a negative errno when the interpreter could not be run.
 */
int session_run(Session *session);

/* The remedy for an end, as the name of an error; NULL: none. */
const char *session_remedy(int end);
