/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A script queued in a Python process of the job, from the request until a thread has read it, or it was withdrawn. One per
 * process at a time. It is withdrawn when whoever asked for it ends or closes his guard.
 */

#include <systemd/sd-bus.h>

#include "helicopter/remote-exec.h"
#include "parent/script-file.h"
#include "parent/target.h"

typedef struct Script Script;

typedef enum ScriptEnd {
        SCRIPT_TAKEN,     /* a thread has read it and runs it */
        SCRIPT_WITHDRAWN, /* it will not be run */
} ScriptEnd;

/* The script is gone by then. */
typedef void (*ScriptEnded)(ScriptEnd end, void *userdata);

enum {
        SOURCE_FILE,
        SOURCE_TARGET,
        SOURCE_CALLER,
        SOURCE_GUARD,
        SOURCE_TIMER,
        SOURCES,
};

struct Script {
        Supervisor *supervisor; /* not owned */
        Target target;
        RemoteExec *remote;
        ScriptFile file;
        PythonThread thread; /* it is queued in this one */
        int watch;           /* inotify: tells that the file was read; -1 where there is none to be had */
        int guard, caller;   /* -1: none */
        sd_event_source *sources[SOURCES];
        bool draining;     /* taken, but not read yet */
        ScriptEnded ended; /* who waits for its end; NULL: nobody */
        void *userdata;
};

/*
 * Queue a script in the target's main thread. target: taken over, on failure too. caller: a pidfd, or -1; guard: hangs up when
 * the script is to be withdrawn, or -1. Both are duplicated. Returns 0, or a negative errno and sets *error (ScriptPending,
 * those of target_python_error() and target_trace_error()). The script belongs to the supervisor until it ends.
 */
int script_new(Supervisor *supervisor, Target *target, const void *text, size_t size, int caller, int guard,
        Script **ret_script, sd_bus_error *error);

/*
 * The thread of a process that has taken its last script before anybody waited for that; 0: none has, or it was told already.
 */
pid_t script_last_taken(Supervisor *supervisor, pid_t target);

/* The script queued in a process, or NULL. */
Script *script_find(const Supervisor *supervisor, pid_t target);

/* Whether a thread has taken it, but has not read it so far: that takes a moment, and may fail. */
bool script_is_unread(const Script *script);

/* Queue it once more in the same thread. Returns 0 or a negative errno. */
int script_queue_again(Script *script);

/* Whether it has been taken without a word, since there is no watch. To be withdrawn then. */
bool script_is_taken(const Script *script);

/*
 * Queue it in another thread instead. Returns 0; -EBUSY when the present one has just taken it; another negative errno,
 * and it is where it was; or -ECANCELED, and it is withdrawn and gone, without `ended` being called.
 */
int script_move(Script *script, const PythonThread *thread);

/* Take it back, unless it has just been taken, and let go of it; `ended` is not called. Returns which it is. */
ScriptEnd script_withdraw(Script *script);

/* Withdraw all, without telling anybody. */
void script_withdraw_all(Supervisor *supervisor);
