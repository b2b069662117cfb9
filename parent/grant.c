/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "parent/grant.h"

#include <errno.h>
#include <stdbool.h>
#include <time.h>
#include <unistd.h>

#include "helicopter/cleanup.h"
#include "helicopter/error.h"
#include "helicopter/printable.h"
#include "helicopter/process.h"
#include "helicopter/python-runtime.h"
#include "parent/lease.h"
#include "parent/link.h"
#include "parent/supervisor.h"

/*
 * A Python that was just started cannot be debugged before it has set itself up, and there is no event for that: it is
 * looked at again after this pause, until the deadline.
 */
#define STARTING_PAUSE (20 * G_TIME_SPAN_MILLISECOND)
#define STARTING_TIMEOUT (5 * G_USEC_PER_SEC)

/* More grants than these do not wait for a Python at a time. */
#define UNDER_WAY_MAX 16

typedef struct Request {
        Supervisor *supervisor;
        sd_bus_message *message;
        sd_event_source *timer;
        int64_t deadline; /* g_get_monotonic_time() */
        pid_t target;
        int target_pidfd;
        pid_t tracer;
        int tracer_pidfd; /* owned by the message */
        int force;
        int python;
} Request;

static Request *request_free(Request *request) {
        if (!request)
                return NULL;
        request->supervisor->grants_under_way--;
        sd_event_source_disable_unref(request->timer);
        close_fd(&request->target_pidfd);
        sd_bus_message_unref(request->message);
        g_free(request);
        return NULL;
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Request, request_free)

static int refuse_option(const char *option, sd_bus_error *error) {
        g_autofree char *shown = printable(option, 64);

        return sd_bus_error_setf(error, HELICOPTER_ERROR_BAD_OPTION, "Grant has no option '%s'.", shown);
}

static int read_option(Request *request, sd_bus_error *error) {
        const char *option;
        int *flag, r;

        r = sd_bus_message_read(request->message, "s", &option);
        if (r < 0)
                return r;
        if (g_str_equal(option, "force"))
                flag = &request->force;
        else if (g_str_equal(option, "python"))
                flag = &request->python;
        else
                return refuse_option(option, error);
        r = sd_bus_message_read(request->message, "v", "b", flag);
        return r == -ENXIO ? -EINVAL : r;
}

static int read_request(Request *request, sd_bus_error *error) {
        uint32_t target, tracer;
        int r;

        r = sd_bus_message_read(request->message, "uuh", &target, &tracer, &request->tracer_pidfd);
        if (r < 0)
                return r;
        if (tracer > G_MAXINT32)
                return -ERANGE;
        if (target > G_MAXINT32)
                return sd_bus_error_setf(
                        error, HELICOPTER_ERROR_NOT_IN_JOB, "Process %u is not one of the job's.", target);
        request->target = target ? (pid_t) target : request->supervisor->child.pid;
        request->tracer = (pid_t) tracer;
        r = sd_bus_message_enter_container(request->message, 'a', "{sv}");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(request->message, 'e', "sv")) > 0) {
                r = read_option(request, error);
                if (r < 0)
                        return r;
                r = sd_bus_message_exit_container(request->message);
                if (r < 0)
                        return r;
        }
        return r;
}

/* Hold the target by a pidfd, and see that it is below us while it is held. */
static int hold_target(Request *request, sd_bus_error *error) {
        int r;

        if (supervisor_job_has_ended(request->supervisor))
                return sd_bus_error_set(error, HELICOPTER_ERROR_TARGET_GONE, "The job has ended.");
        request->target_pidfd = process_open(request->target);
        if (request->target_pidfd >= 0) {
                r = process_is_descendant(request->target, getpid());
                if (r > 0)
                        return 0;
        }
        return sd_bus_error_setf(
                error, HELICOPTER_ERROR_NOT_IN_JOB, "Process %d is not one of the job's.", request->target);
}

static int check_tracer(const Request *request, sd_bus_error *error) {
        const Lease *lease = request->supervisor->lease;

        if (!lease || request->force)
                return 0;
        return sd_bus_error_setf(error, HELICOPTER_ERROR_TRACER_BUSY, "Process %d is being traced by pid %d (%s).",
                lease->target, lease->tracer, lease->tracer_command ? lease->tracer_command : "");
}

static int python_error(int r, pid_t target, const PythonRuntime *runtime, sd_bus_error *error) {
        switch (r) {
        case -ENOPKG:
                return sd_bus_error_setf(error, HELICOPTER_ERROR_NOT_PYTHON, "Process %d is not a Python.", target);
        case -ENODATA:
                return sd_bus_error_setf(error, HELICOPTER_ERROR_PYTHON_TOO_OLD,
                        "Process %d is Python %u.%u, which no debugger can be attached to; that came with 3.14.",
                        target, runtime->major, runtime->minor);
        case -EOPNOTSUPP:
                return sd_bus_error_setf(error, HELICOPTER_ERROR_UNSUPPORTED_TARGET,
                        "Process %d is Python %u.%u, which this helicopter does not know yet.", target, runtime->major,
                        runtime->minor);
        case -ESTALE:
                return sd_bus_error_setf(error, HELICOPTER_ERROR_UNSUPPORTED_TARGET,
                        "The libpython of process %d was replaced on disk.", target);
        case -ESRCH:
                return sd_bus_error_setf(error, HELICOPTER_ERROR_TARGET_GONE, "Process %d has ended.", target);
        default:
                return sd_bus_error_setf(error, HELICOPTER_ERROR_NOT_PERMITTED,
                        "The Python in process %d cannot be looked at: %s.", target, g_strerror(-r));
        }
}

static void note_version(Supervisor *supervisor, const PythonRuntime *runtime) {
        g_free(supervisor->python_version);
        supervisor->python_version = g_strdup_printf("%u.%u.%u", runtime->major, runtime->minor, runtime->micro);
}

/* -EAGAIN: it is still starting. */
static int check_python(const Request *request, sd_bus_error *error) {
        PythonRuntime runtime = {};
        int r;

        if (!request->python)
                return 0;
        r = python_runtime_find(request->target, &runtime);
        if (r == -EAGAIN)
                return r;
        if (r < 0)
                return python_error(r, request->target, &runtime, error);
        if (request->target == request->supervisor->child.pid)
                note_version(request->supervisor, &runtime);
        if (runtime.major == 3 && runtime.minor < 14)
                return python_error(-ENODATA, request->target, &runtime, error);
        if (!runtime.remote_debug)
                return sd_bus_error_setf(error, HELICOPTER_ERROR_REMOTE_DEBUG_DISABLED,
                        "Remote debugging is switched off in process %d.", request->target);
        return 0;
}

static int grant(Request *request, sd_bus_error *error) {
        Supervisor *supervisor = request->supervisor;
        autofd lease_fd = -1;
        Lease *lease;
        int r;

        r = check_tracer(request, error);
        if (r < 0)
                return r;
        r = lease_new(supervisor, request->target, request->target_pidfd, request->tracer, request->tracer_pidfd,
                &lease, &lease_fd, error);
        if (r < 0)
                return r;
        lease_replace(supervisor, lease);
        return sd_bus_reply_method_return(request->message, "h", lease_fd);
}

/* -EAGAIN: to be tried again. */
static int try(Request *request, sd_bus_error *error) {
        int r;

        if (request->supervisor->state == JOB_STARTING)
                return -EAGAIN;
        r = check_python(request, error);
        return r < 0 ? r : grant(request, error);
}

static int try_later(Request *request, sd_event_time_handler_t handler) {
        return sd_event_add_time_relative(
                request->supervisor->event, &request->timer, CLOCK_MONOTONIC, STARTING_PAUSE, 0, handler, request);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata) {
        g_autoptr(Request) request = userdata;
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        int r;

        request->timer = sd_event_source_disable_unref(request->timer);
        r = try(request, &error);
        if (r == -EAGAIN && g_get_monotonic_time() < request->deadline) {
                r = try_later(request, on_timer);
                if (r >= 0) {
                        (void) g_steal_pointer(&request);
                        return 0;
                }
        }
        if (r == -EAGAIN)
                r = sd_bus_error_setf(&error, HELICOPTER_ERROR_TIMEOUT,
                        "Process %d has not finished starting its Python.", request->target);
        if (r < 0)
                sd_bus_reply_method_errno(request->message, r, &error);
        return 0;
}

int grant_method(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Supervisor *supervisor = userdata;
        g_autoptr(Request) request = NULL;
        int r;

        if (supervisor->grants_under_way >= UNDER_WAY_MAX)
                return sd_bus_error_setf(error, HELICOPTER_ERROR_LIMIT_REACHED,
                        "%u tracers are waiting for the job's Python already.", supervisor->grants_under_way);
        request = g_new(Request, 1);
        supervisor->grants_under_way++;
        *request = (Request) {
                .supervisor = supervisor,
                .message = sd_bus_message_ref(message),
                .deadline = g_get_monotonic_time() + STARTING_TIMEOUT,
                .target_pidfd = -1,
        };
        r = read_request(request, error);
        if (r < 0)
                return r;
        r = hold_target(request, error);
        if (r < 0)
                return r;
        r = try(request, error);
        if (r != -EAGAIN)
                return r;
        r = try_later(request, on_timer);
        if (r < 0)
                return r;
        (void) g_steal_pointer(&request);
        return 1;
}
