/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "parent/grant.h"

#include <errno.h>
#include <stdbool.h>
#include <time.h>
#include <unistd.h>

#include "helicopter/bus-options.h"
#include "helicopter/cleanup.h"
#include "helicopter/error.h"
#include "helicopter/printable.h"
#include "helicopter/python-runtime.h"
#include "parent/lease.h"
#include "parent/link.h"
#include "parent/permission.h"
#include "parent/target.h"

/*
 * A Python that was just started cannot be debugged before it has set itself up, and there is no event for that: it is
 * looked at again after this pause, until the deadline.
 */
#define STARTING_PAUSE (20 * G_TIME_SPAN_MILLISECOND)
#define STARTING_TIMEOUT (5 * G_USEC_PER_SEC)
/* sd-event's own is 250 ms. */
#define ACCURACY G_TIME_SPAN_MILLISECOND

/* More grants than these do not wait for a Python at a time. */
#define UNDER_WAY_MAX 16

typedef struct Request {
        Supervisor *supervisor;
        sd_bus_message *message;
        sd_event_source *timer;
        int64_t deadline;    /* g_get_monotonic_time() */
        uint32_t target_pid; /* as it was asked for */
        Target target;
        pid_t tracer;
        int tracer_pidfd; /* owned by the message */
        int force, python, permit;
        bool with_news; /* the answer has them */
        LeaseVia via;
        Permission *permission; /* that is under way */
} Request;

static Request *request_free(Request *request) {
        if (!request)
                return NULL;
        g_queue_remove(&request->supervisor->grants, request);
        sd_event_source_disable_unref(request->timer);
        permission_free(request->permission);
        target_clear(&request->target);
        sd_bus_message_unref(request->message);
        g_free(request);
        return NULL;
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Request, request_free)

static int read_via(const char *via, Request *request, sd_bus_error *error) {
        g_autofree char *shown = NULL;

        if (g_str_equal(via, "auto"))
                request->via = LEASE_VIA_ANY;
        else if (g_str_equal(via, "syscall"))
                request->via = LEASE_VIA_SYSCALL;
        else if (g_str_equal(via, "remote-exec"))
                request->via = LEASE_VIA_SCRIPT;
        else {
                shown = printable(via, 64);
                return sd_bus_error_setf(error, HELICOPTER_ERROR_BAD_OPTION, "Grant's via is not '%s'.", shown);
        }
        return 0;
}

static int read_request(Request *request, sd_bus_error *error) {
        const char *via = "auto";
        const BusOption options[] = {
                { "force", 'b', &request->force },
                { "python", 'b', &request->python },
                { "permit", 'b', &request->permit },
                { "via", 's', &via },
                {},
        };
        uint32_t tracer;
        int r;

        r = sd_bus_message_read(request->message, "uuh", &request->target_pid, &tracer, &request->tracer_pidfd);
        if (r < 0)
                return r;
        if (tracer > G_MAXINT32)
                return -ERANGE;
        request->tracer = (pid_t) tracer;
        r = bus_options_read(request->message, "Grant", options, error);
        return r < 0 ? r : read_via(via, request, error);
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
        r = python_runtime_find(request->target.pid, &runtime);
        if (r == -EAGAIN)
                return r;
        if (r < 0)
                return target_python_error(request->target.pid, r, &runtime, error);
        if (request->target.pid == request->supervisor->child.pid)
                note_version(request->supervisor, &runtime);
        if (runtime.major == 3 && runtime.minor < 14)
                return target_python_error(request->target.pid, -ENODATA, &runtime, error);
        if (!runtime.remote_debug)
                return target_python_error(request->target.pid, -EACCES, &runtime, error);
        return 0;
}

static int check_lease(const Request *request, sd_bus_error *error) {
        return request->force ? 0 : lease_check(request->supervisor, 0, error);
}

/* The daemon learns of the lease before anybody else can ask for it. */
static int answer(const Request *request, int lease_fd) {
        g_autoptr(sd_bus_message) message = NULL;
        int r;

        if (!request->with_news) {
                link_update(request->supervisor->link);
                return sd_bus_reply_method_return(request->message, "h", lease_fd);
        }
        r = sd_bus_message_new_method_return(request->message, &message);
        if (r >= 0)
                r = sd_bus_message_append(message, "h", lease_fd);
        return r < 0 ? r : link_answer_grant(request->supervisor->link, message);
}

/* permit: by an injected system call; else the permission was given already, or is not wanted. */
static int give(Request *request, bool permit, Lease **ret_lease, sd_bus_error *error) {
        autofd lease_fd = -1;
        Lease *lease;
        int r;

        r = lease_new(request->supervisor, &request->target, request->tracer, request->tracer_pidfd, permit, &lease,
                &lease_fd, error);
        if (r < 0)
                return r;
        *ret_lease = lease;
        lease_replace(request->supervisor, lease);
        return answer(request, lease_fd);
}

static void on_permission(const sd_bus_error *permission_error, void *userdata) {
        g_autoptr(Request) request = userdata;
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        Lease *lease;
        int r;

        request->permission = NULL;
        if (sd_bus_error_is_set(permission_error)) {
                sd_bus_reply_method_error(request->message, permission_error);
                return;
        }
        r = check_lease(request, &error); /* somebody else may have been faster */
        if (r >= 0)
                r = give(request, false, &lease, &error);
        if (r < 0)
                sd_bus_reply_method_errno(request->message, r, &error);
        else
                lease_note_script(lease);
}

/* What comes of it is told to on_permission(). */
static int grant_by_script(Request *request, sd_bus_error *error) {
        int r;

        r = target_check_namespaces(request->target.pid, error);
        if (r < 0)
                return r;
        return permission_new(request->supervisor, &request->target, request->tracer, on_permission, request,
                &request->permission, error);
}

/* Whether a script may do what an injected call could not: another tracer has the target, or the CPU is not known. */
static bool may_use_script(const Request *request, int r) {
        return request->via == LEASE_VIA_ANY && (r == -EBUSY || r == -EOPNOTSUPP);
}

static int grant(Request *request, sd_bus_error *error) {
        g_auto(sd_bus_error) script_error = SD_BUS_ERROR_NULL;
        Lease *lease;
        int r;

        r = permission_check(request->supervisor, error);
        if (r < 0)
                return r;
        /* Before a script may replace what the lease's holder was permitted, and so that -EBUSY is the target's. */
        r = check_lease(request, error);
        if (r < 0)
                return r;
        if (request->permit && request->via == LEASE_VIA_SCRIPT && lease_needs_permission())
                return grant_by_script(request, error);
        r = give(request, request->permit, &lease, error);
        if (r < 0 && may_use_script(request, r) && grant_by_script(request, &script_error) >= 0) {
                sd_bus_error_free(error);
                return 0;
        }
        return r;
}

/* -EAGAIN: to be tried again. */
static int try(Request *request, sd_bus_error *error) {
        int r;

        if (request->supervisor->state == JOB_STARTING)
                return -EAGAIN;
        r = check_python(request, error);
        return r < 0 ? r : grant(request, error);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata);

/* Answer the request, or keep it until it can be. Takes it over. */
static int handle(Request *request, sd_bus_error *error) {
        g_autoptr(Request) owned = request;
        int r;

        r = try(request, error);
        if (r == -EAGAIN && g_get_monotonic_time() < request->deadline)
                r = sd_event_add_time_relative(request->supervisor->event, &request->timer, CLOCK_MONOTONIC,
                        STARTING_PAUSE, ACCURACY, on_timer, request);
        else if (r == -EAGAIN)
                r = target_python_error(request->target.pid, r, NULL, error);
        if (r >= 0 && (request->timer || request->permission))
                (void) g_steal_pointer(&owned);
        return r;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata) {
        Request *request = userdata;
        g_autoptr(sd_bus_message) message = sd_bus_message_ref(request->message);
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        int r;

        request->timer = sd_event_source_disable_unref(request->timer);
        r = handle(request, &error);
        if (r < 0)
                sd_bus_reply_method_errno(message, r, &error);
        return 0;
}

static int begin(Supervisor *supervisor, sd_bus_message *message, bool with_news, sd_bus_error *error) {
        g_autoptr(Request) request = NULL;
        int r;

        if (g_queue_get_length(&supervisor->grants) >= UNDER_WAY_MAX)
                return sd_bus_error_setf(error, HELICOPTER_ERROR_LIMIT_REACHED,
                        "%d tracers are waiting for the job's Python already.", UNDER_WAY_MAX);
        request = g_new(Request, 1);
        g_queue_push_tail(&supervisor->grants, request);
        *request = (Request) {
                .supervisor = supervisor,
                .message = sd_bus_message_ref(message),
                .deadline = g_get_monotonic_time() + STARTING_TIMEOUT,
                .target = TARGET_NONE,
                .permit = true,
                .with_news = with_news,
        };
        r = read_request(request, error);
        if (r < 0)
                return r;
        r = target_hold(supervisor, request->target_pid, &request->target, error);
        if (r < 0)
                return r;
        r = handle(g_steal_pointer(&request), error);
        return r < 0 ? r : 1;
}

int grant_method(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        return begin(userdata, message, false, error);
}

int grant_with_news_method(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        return begin(userdata, message, true, error);
}

void grant_end_all(Supervisor *supervisor) {
        Request *request;

        while ((request = g_queue_peek_head(&supervisor->grants))) {
                sd_bus_reply_method_errorf(request->message, HELICOPTER_ERROR_TARGET_GONE, "it has ended.");
                request_free(request);
        }
}
