/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * PR_SET_PTRACER called by the target's own Python, in a script (PEP 768), where no system call can be injected. The script
 * leaves nothing behind and tells what the kernel answered.
 */

#include <systemd/sd-bus.h>

#include "parent/target.h"

/* error: not set when the kernel has answered 0. The permission object is gone by then. */
typedef void (*PermissionDone)(const sd_bus_error *error, void *userdata);

/*
 * Whether a permission of the job's is being given or taken back by a script, which has its effect at some time before
 * that ends. Until then no other may be given or taken back: the later of two would count, whichever that is. Returns 0, or a
 * negative errno and sets *error (ScriptPending).
 */
int permission_check(const Supervisor *supervisor, sd_bus_error *error);

/*
 * Begin to permit `tracer` (0: nobody any more) to trace the target. Returns 0, or a negative errno and sets *error; then
 * `done` is not called.
 */
int permission_new(Supervisor *supervisor, const Target *target, pid_t tracer, PermissionDone done, void *userdata,
        Permission **ret_permission, sd_bus_error *error);

/* Forget it: the script is withdrawn if it has not been run yet, and nobody is told. NULL is fine. Returns NULL. */
Permission *permission_free(Permission *permission);
