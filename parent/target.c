/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "parent/target.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "helicopter/cleanup.h"
#include "helicopter/error.h"
#include "helicopter/process.h"

void target_clear(Target *target) {
        close_fd(&target->pidfd);
}

int target_copy(const Target *target, Target *ret_target) {
        int pidfd = fcntl(target->pidfd, F_DUPFD_CLOEXEC, 3);

        if (pidfd < 0)
                return -errno;
        *ret_target = (Target) { .pid = target->pid, .pidfd = pidfd };
        return 0;
}

int target_hold(const Supervisor *supervisor, uint32_t pid, Target *ret_target, sd_bus_error *error) {
        g_auto(Target) target = TARGET_NONE;
        int r = supervisor_check_running(supervisor, error);

        if (r < 0)
                return r;
        if (pid <= G_MAXINT32) {
                target.pid = pid ? (pid_t) pid : supervisor->child.pid;
                target.pidfd = process_open(target.pid);
        }
        /* A child that has not been waited for is below us. */
        if (target.pidfd < 0 ||
                (target.pid != supervisor->child.pid && process_is_descendant(target.pid, getpid()) <= 0))
                return sd_bus_error_setf(error, HELICOPTER_ERROR_NOT_IN_JOB, "process %u is not one of the job's.",
                        pid ? pid : (uint32_t) target.pid);
        *ret_target = (Target) { .pid = target.pid, .pidfd = g_steal_fd(&target.pidfd) };
        return 0;
}

static int gone(pid_t pid, sd_bus_error *error) {
        return sd_bus_error_setf(error, HELICOPTER_ERROR_TARGET_GONE, "process %d has ended.", pid);
}

int target_python_error(pid_t pid, int r, const PythonRuntime *runtime, sd_bus_error *error) {
        switch (r) {
        case -ENOPKG:
                return sd_bus_error_setf(error, HELICOPTER_ERROR_NOT_PYTHON, "process %d is not a Python.", pid);
        case -ENODATA:
                return sd_bus_error_setf(error, HELICOPTER_ERROR_PYTHON_TOO_OLD,
                        "process %d is Python %u.%u, which no debugger can be attached to; that came with 3.14.", pid,
                        runtime->major, runtime->minor);
        case -EACCES:
                return sd_bus_error_setf(error, HELICOPTER_ERROR_REMOTE_DEBUG_DISABLED,
                        "remote debugging is switched off in process %d.", pid);
        case -EOPNOTSUPP:
                return sd_bus_error_setf(error, HELICOPTER_ERROR_UNSUPPORTED_TARGET,
                        "process %d is Python %u.%u, which this helicopter does not know yet.", pid, runtime->major,
                        runtime->minor);
        case -ESTALE:
                return sd_bus_error_setf(error, HELICOPTER_ERROR_UNSUPPORTED_TARGET,
                        "the libpython of process %d was replaced on disk.", pid);
        case -EAGAIN:
                return sd_bus_error_setf(
                        error, HELICOPTER_ERROR_TIMEOUT, "process %d has not finished starting its Python.", pid);
        case -ESRCH:
                return gone(pid, error);
        default:
                return sd_bus_error_setf(error, HELICOPTER_ERROR_NOT_PERMITTED,
                        "the Python in process %d cannot be looked at: %s.", pid, g_strerror(-r));
        }
}

int target_check_namespaces(pid_t pid, sd_bus_error *error) {
        if (process_shares_namespace(pid, "pid") != 0 && process_shares_namespace(pid, "user") != 0)
                return 0;
        return sd_bus_error_setf(error, HELICOPTER_ERROR_UNSUPPORTED_TARGET,
                "process %d is in another pid or user namespace, where the tracer is not known by its number.", pid);
}

static int unsupported(pid_t pid, sd_bus_error *error) {
        int r;

        r = target_check_namespaces(pid, error);
        return r < 0 ? r
                     : sd_bus_error_setf(error, HELICOPTER_ERROR_UNSUPPORTED_TARGET,
                               "process %d is not a native process of a supported CPU.", pid);
}

static int busy(pid_t pid, sd_bus_error *error) {
        g_autofree char *command = NULL;
        ProcessStatus status = {};

        process_status(pid, &status);
        command = process_command(status.tracer);
        return sd_bus_error_setf(error, HELICOPTER_ERROR_TRACER_BUSY, "process %d is traced by pid %d (%s).", pid,
                status.tracer, command ? command : "gone");
}

int target_trace_error(pid_t pid, int r, sd_bus_error *error) {
        switch (r) {
        case -ESRCH:
                return gone(pid, error);
        case -EBUSY:
                return busy(pid, error);
        case -EACCES:
                return sd_bus_error_setf(error, HELICOPTER_ERROR_SECCOMP_FILTERED,
                        "process %d has a seccomp filter of its own; no system call is made in it.", pid);
        case -EOPNOTSUPP:
                return unsupported(pid, error);
        case -ETIMEDOUT:
                return sd_bus_error_setf(error, HELICOPTER_ERROR_TIMEOUT,
                        "process %d could not be stopped in time; it is in an uninterruptible wait.", pid);
        default:
                return sd_bus_error_setf(error, HELICOPTER_ERROR_NOT_PERMITTED,
                        "process %d cannot be made to accept a tracer: %s.", pid, g_strerror(-r));
        }
}
