/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The permission of one tracer for one process of the job. It ends when the tracer closes its descriptor or ends
 * itself, when the target ends, when it is revoked, and with the job; then the kernel's slot is cleared, if it was set.
 */

#include <sys/types.h>
#include <systemd/sd-bus.h>

#include "parent/permission.h"
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
        Target target;
        pid_t tracer;
        char *tracer_command;
        uint64_t since;         /* microseconds since the epoch */
        bool permitted;         /* the kernel's slot is set; not so where nothing needs to be permitted */
        bool by_script;         /* it was set by a script, since no system call could be injected */
        bool stranger;          /* the tracer had ended by then: its number may have been another's already */
        Permission *revocation; /* a script that takes the permission back */
        int fd;                 /* hangs up when the tracer closes its end */
        int tracer_pidfd;
        sd_event_source *fd_source;
        sd_event_source *tracer_source;
        sd_event_source *target_source;
        sd_event_source *retry; /* the permission could not be taken back yet */
};

/* Who else than `caller` has the lease: 0, or a negative errno and sets *error to TracerBusy, which
 * names it. */
int lease_check(const Supervisor *supervisor, pid_t caller, sd_bus_error *error);

/* Whether anything has to be permitted: where Yama is off or absent, nothing has. */
bool lease_needs_permission(void);

/*
 * Permit `tracer` to trace `target` by an injected system call; permit: false: only reserve it. tracer_pidfd and the target's are duplicated.
 * *ret_fd is the tracer's end. Returns 0, or a negative errno and sets *error.
 */
int lease_new(Supervisor *supervisor, const Target *target, pid_t tracer, int tracer_pidfd, bool permit,
        Lease **ret_lease, int *ret_fd, sd_bus_error *error);

/* The lease's permission has been given by a script. */
void lease_note_script(Lease *lease);

/* Put a new lease in the place of the supervisor's, which may be NULL. Takes `lease` over. The daemon is yet to be told. */
void lease_replace(Supervisor *supervisor, Lease *lease);

/*
 * End the supervisor's lease, if it has one: clear the kernel's slot, tell the daemon. Returns 0, or a negative errno
 * when the slot cannot be cleared now; then the lease stays, and that is tried again until it succeeds or one of the
 * two processes has ended.
 */
int lease_end(Supervisor *supervisor);

/* Free a lease as it is, when nobody can trace by it any more. NULL is fine. Returns NULL. */
Lease *lease_free(Lease *lease);
