/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Children that tests inject system calls into, and what is to be true of them before and afterwards. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <cmocka.h>

/* Microseconds: for a call that is expected to be made, and for what is expected to happen. */
#define TARGET_TIMEOUT (60 * 1000 * 1000)

/* Memory that a target shares with the test. */
typedef struct TargetShared {
        atomic_int ready;
        atomic_int go;
        atomic_int count;
        atomic_int bad;
        atomic_uint word;
} TargetShared;

/* A target's life; what it returns is its exit code. */
typedef int (*TargetBody)(TargetShared *shared);

/* cmocka's group set-up: SIGCHLD is blocked, as injection_call() wants it. */
int target_setup(void **state);

/* Zeroed memory, there until the test program ends. */
TargetShared *target_shared(void);

/* A child in which all signals are unblocked and have their default actions. It dies with the test. */
pid_t target_start(TargetBody body, TargetShared *shared);

/* Wait until the value is not `before` any more. */
void target_await(atomic_int *value, int before);
/* Wait until the target sleeps in a system call; until it is in a state of /proc/PID/status. */
void target_await_call(pid_t target, long number);
void target_await_state(pid_t target, char state);

/* Wake a target that waits for the shared word: as soon as it does so again, after an injection. */
void target_wake(TargetShared *shared);

/* It ends by itself, or has ended, with this exit code. */
void target_assert_exits(pid_t target, int code);
/* Kill and reap it. */
void target_kill(pid_t target);

void target_assert_untraced(pid_t target);

/* A call without arguments, and the error or 0 of the injection. */
int target_call(pid_t target, long number, long *ret_result);
/* Injections give right answers. */
void target_assert_injectable(pid_t target);
