/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The permission of one tracer for one process of the job. It ends when the tracer closes its descriptor or ends
 * itself, when the target ends, when it is revoked, and with the job; then the kernel's slot is cleared, if it was set.
 */

#include <sys/types.h>
#include <systemd/sd-bus.h>

#include "parent/supervisor.h"
#include "parent/target.h"

/* How a permission is to be given. */
typedef enum LeaseVia {
        LEASE_VIA_ANY,     /* by an injected system call where that is possible, else by a script */
        LEASE_VIA_SYSCALL, /* by an injected system call */
        LEASE_VIA_SCRIPT,  /* by a script that the target's Python runs */
} LeaseVia;

struct Lease {
        Supervisor *supervisor; /* not owned */
        pid_t target;
        pid_t tracer;
        char *tracer_command;
        bool injected; /* the kernel's slot was set; not so where nothing needs to be permitted */
        int fd;        /* hangs up when the tracer closes its end */
        int tracer_pidfd;
        int target_pidfd;
        sd_event_source *fd_source;
        sd_event_source *tracer_source;
        sd_event_source *target_source;
        sd_event_source *retry; /* the permission could not be taken back yet */
};

/* Who else than `caller` has the lease: 0, or a negative errno and sets *error to TracerBusy. */
int lease_check(const Supervisor *supervisor, pid_t caller, sd_bus_error *error);

/*
 * Permit `tracer` to trace `target`; not permitted: only reserve it. tracer_pidfd and the target's are duplicated.
 * *ret_fd is the tracer's end. Returns 0, or a negative errno and sets *error.
 */
int lease_new(Supervisor *supervisor, const Target *target, pid_t tracer, int tracer_pidfd, bool permitted,
        Lease **ret_lease, int *ret_fd, sd_bus_error *error);

/* Put a new lease in the place of the supervisor's, which may be NULL, and tell the daemon. Takes `lease` over. */
void lease_replace(Supervisor *supervisor, Lease *lease);

/*
 * End the supervisor's lease, if it has one: clear the kernel's slot, tell the daemon. Returns 0, or a negative errno
 * when the slot cannot be cleared now; then the lease stays, and that is tried again until it succeeds or one of the
 * two processes has ended.
 */
int lease_end(Supervisor *supervisor);

/* Free a lease as it is, when nobody can trace by it any more. NULL is fine. Returns NULL. */
Lease *lease_free(Lease *lease);
