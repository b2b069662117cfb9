/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "daemon/policy.h"

#include <errno.h>
#include <stdbool.h>

#include "helicopter/error.h"
#include "helicopter/grant-policy.h"
#include "helicopter/process.h"

/*
 * Whether the caller is in the namespaces of the job's parent: the pid that it is permitted by means something there
 * only, and who was put into others was put there to be kept from the user's other processes.
 *
 * A daemon with a user namespace of its own (PrivateUsers=, which other sandboxing of a user's unit brings along) may
 * look closely at nobody outside of it. Then what everybody may read has to do.
 */
static int is_inside(const Job *job, const Caller *caller) {
        pid_t parent = (pid_t) job->parent_pid;
        int r = process_same_namespaces(caller->pid, parent);

        if (r == -EACCES && process_same_namespaces(parent, parent) == -EACCES)
                r = process_similar_namespaces(caller->pid, parent);
        if (!process_alive(caller->pidfd) || !process_alive(job->parent_pidfd))
                return -ESRCH;
        return r;
}

static int check_namespaces(const Job *job, const Caller *caller, sd_bus_error *error) {
        int r = is_inside(job, caller);

        if (r > 0)
                return 0;
        if (r == 0)
                return sd_bus_error_setf(error, HELICOPTER_ERROR_NOT_PERMITTED,
                        "Job %s: process %d is in another pid or user namespace (a sandbox or a container), and the "
                        "job's grant policy is %s.",
                        job->name, caller->pid, job->told.grant_policy);
        return sd_bus_error_setf(error, HELICOPTER_ERROR_NOT_PERMITTED,
                "Job %s: it cannot be found out which namespaces process %d is in: %s.", job->name, caller->pid,
                g_strerror(-r));
}

static int check_terminal(const Job *job, const Caller *caller, sd_bus_error *error) {
        if (process_has_terminal(caller->pid) > 0 && process_alive(caller->pidfd))
                return 0;
        return sd_bus_error_setf(error, HELICOPTER_ERROR_NOT_PERMITTED,
                "Job %s: its grant policy is ask-terminal, and process %d has no controlling terminal.", job->name,
                caller->pid);
}

static int check(const Job *job, int policy, const Caller *caller, sd_bus_error *error) {
        int r;

        switch (policy) {
        case GRANT_POLICY_ANY_NAMESPACE:
                return 0;
        case GRANT_POLICY_SAME_USER:
                return check_namespaces(job, caller, error);
        case GRANT_POLICY_ASK_TERMINAL:
                r = check_namespaces(job, caller, error);
                return r < 0 ? r : check_terminal(job, caller, error);
        case GRANT_POLICY_NONE:
                return sd_bus_error_setf(error, HELICOPTER_ERROR_NOT_PERMITTED,
                        "Job %s: its grant policy is none; nobody may debug it until that is changed.", job->name);
        default: /* a newer parent's */
                return sd_bus_error_setf(error, HELICOPTER_ERROR_NOT_PERMITTED,
                        "Job %s: this daemon does not know its grant policy.", job->name);
        }
}

int policy_check(const Job *job, const Caller *caller, sd_bus_error *error) {
        return check(job, grant_policy_from_string(job->told.grant_policy), caller, error);
}

int policy_check_change(const Job *job, const Caller *caller, sd_bus_error *error) {
        int policy = grant_policy_from_string(job->told.grant_policy);

        return check(job, policy == GRANT_POLICY_NONE ? GRANT_POLICY_SAME_USER : policy, caller, error);
}
