/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A debugger's session: the attach script, run by the job's own interpreter in the foreground of the user's terminal. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "client/foreground.h"
#include "client/interpreter.h"
#include "client/session-control.h"

/* The exit codes of attach_session.py. */
typedef enum SessionEnd {
        SESSION_HELD = 0,
        SESSION_FAILED = 1,
        SESSION_TARGET_GONE = 11,
        SESSION_INCOMPATIBLE = 12,
        SESSION_NO_ANSWER = 14,
        SESSION_INTERRUPTED = 15,
        SESSION_BUSY = 16,
        SESSION_ENDED = 17,   /* by a signal before the first prompt; after that it was a session */
        SESSION_REFUSED = 18, /* for the reason in control.error */
} SessionEnd;

typedef struct Session {
        const Interpreter *interpreter;
        const char *version; /* of the target's Python, NULL or empty: unknown */
        char **commands;     /* for the first prompt, or NULL */
        SessionControl control;
        void (*begun)(void *userdata); /* called when the interpreter has been started */
        void *userdata;
        int target_fd;
        Foreground foreground;
        bool target_gone; /* set by session_run(): the target ended, and so the session was ended */
} Session;

/*
 * Run it to its end, or the target's, or until somebody else was given the job (foreground.taken_over). The caller has set
 * control's watch, target, deadline, wake and stage, and clears it. Returns a SessionEnd, or a negative errno when the
 * interpreter could not be run.
 */
int session_run(Session *session);

/* The remedy for an end, as the name of an error; NULL: none. */
const char *session_remedy(int end);
