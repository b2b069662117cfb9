/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Seeing to it that a queued script is run: waits for it, wakes the thread that is to run it, has another thread run it
 * when that one cannot; until a deadline.
 */

#include <stdbool.h>

#include "parent/script.h"

typedef struct Waker Waker;

typedef enum WakeMode {
        WAKE_AUTO,
        WAKE_FORCE, /* whoever made the call */
        WAKE_OFF,   /* only wait */
} WakeMode;

typedef struct WakeResult {
        pid_t thread;       /* the thread that runs it */
        bool main;          /* it is the main thread */
        const char *reason; /* why it is not the main thread, as a sentence; else "" */
        const char *call;   /* the name of the system call that was interrupted; "": none */
} WakeResult;

/* result: NULL when it is not run, for the reason in error. The waker is gone by then. */
typedef void (*WakeDone)(const WakeResult *result, const sd_bus_error *error, void *userdata);

/*
 * Begin. The script has nobody else who waits for its end; it is withdrawn when it is not run. A process without a script
 * of ours may have somebody else's pending, which is neither moved nor withdrawn: script is NULL then. target: taken over
 * on success. timeout: microseconds. Returns 0, or a negative errno and sets *error; then `done` is not called.
 */
int waker_new(Supervisor *supervisor, Target *target, Script *script, WakeMode mode, uint64_t timeout, WakeDone done,
        void *userdata, Waker **ret_waker, sd_bus_error *error);

/* Withdraw the script, and do not call `done`. NULL is fine. Returns NULL. */
Waker *waker_cancel(Waker *waker);

/* Withdraw all scripts that are seen to, and tell those who wait. */
void waker_end_all(Supervisor *supervisor);
