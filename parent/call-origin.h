/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Finding out, without waiting for it, who made the call that a thread is blocked in. */

#include <stdbool.h>

#include "helicopter/wake.h"
#include "parent/supervisor.h"

typedef struct CallOrigin CallOrigin;

/*
 * python: CPython itself made the call, and resumes it. caller: else the name of the library or function that did, or
 * NULL when unknown; not the receiver's, and gone when this returns. The CallOrigin may be freed in it.
 */
typedef void (*CallOriginFound)(bool python, const char *caller, void *userdata);

/*
 * Have helicopter-unwind look at a snapshot of a thread that is in that call; both are of no use any more when this
 * returns. The program, which is one of the supervisor's helpers, ends by itself after some seconds. Returns 0, or a negative errno, and
 * nothing is found.
 */
int call_origin_find(
        Supervisor *supervisor, const WakeSnapshot *snapshot, const ThreadCall *call, CallOrigin **ret_origin);

/*
 * Have it told, also where it was found before: `found` is called once, from the event loop, unless the CallOrigin is freed before. To be
 * called once at most. Returns 0, or a negative errno, and it is not told.
 */
int call_origin_listen(CallOrigin *origin, CallOriginFound found, void *userdata);

/* Whether that was found, or can be no more, and the program has ended. */
bool call_origin_is_found(const CallOrigin *origin);

/* `found` is not called any more, and the program ends. NULL is fine. Returns NULL. */
CallOrigin *call_origin_free(CallOrigin *origin);
