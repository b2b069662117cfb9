/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "parent/lease.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "helicopter/cleanup.h"
#include "helicopter/error.h"
#include "helicopter/injection.h"
#include "helicopter/log.h"
#include "helicopter/process.h"
#include "helicopter/yama.h"
#include "parent/link.h"
#include "parent/target.h"

/* A process that cannot be stopped in this time is in an uninterruptible wait. */
#define INJECTION_TIMEOUT (2 * G_USEC_PER_SEC)

/* Between attempts to take a permission back. */
#define RETRY_PAUSE G_USEC_PER_SEC

bool lease_needs_permission(void) {
        return yama_ptrace_scope() >= 1;
}

static int permit(Lease *lease, sd_bus_error *error) {
        int r;

        if (!process_alive(lease->tracer_pidfd))
                return sd_bus_error_set(error, HELICOPTER_ERROR_TARGET_GONE, "the tracer has ended.");
        if (!process_alive(lease->target.pidfd))
                return target_trace_error(lease->target.pid, -ESRCH, error);
        if (!lease_needs_permission())
                return 0;
        r = injection_set_ptracer(lease->target.pid, lease->tracer, INJECTION_TIMEOUT);
        if (r < 0)
                return target_trace_error(lease->target.pid, r, error);
        lease->permitted = true;
        return 0;
}

/* 0: nobody is permitted any more. */
static int take_back(Lease *lease) {
        int r;

        /* The kernel itself drops the permission when one of the two has ended. */
        if (!lease->permitted || !process_alive(lease->target.pidfd))
                return 0;
        if (lease->supervisor->permission) /* what that does may come after what is done here */
                return -EBUSY;
        if (!lease->stranger && !process_alive(lease->tracer_pidfd))
                return 0;
        r = injection_set_ptracer(lease->target.pid, 0, INJECTION_TIMEOUT);
        if (r < 0 && r != -ESRCH)
                return r;
        lease->permitted = false;
        return 0;
}

Lease *lease_free(Lease *lease) {
        if (!lease)
                return NULL;
        sd_event_source_disable_unref(lease->fd_source);
        sd_event_source_disable_unref(lease->tracer_source);
        sd_event_source_disable_unref(lease->target_source);
        sd_event_source_disable_unref(lease->retry);
        close_fd(&lease->fd);
        close_fd(&lease->tracer_pidfd);
        permission_free(lease->revocation);
        target_clear(&lease->target);
        g_free(lease->tracer_command);
        g_free(lease);
        return NULL;
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Lease, lease_free)

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata) {
        Lease *lease = userdata;

        lease_end(lease->supervisor);
        return 0;
}

/*
 * The target is in an uninterruptible wait, or another tracer that needed no permission has it: the lease stays, as the
 * permission does, until it can be taken back.
 */
static int retry_later(Lease *lease, int why) {
        log_warning("The permission of pid %d to trace pid %d cannot be taken back yet: %s.", lease->tracer,
                lease->target.pid, g_strerror(-why));
        lease->fd_source = sd_event_source_disable_unref(lease->fd_source);
        lease->tracer_source = sd_event_source_disable_unref(lease->tracer_source);
        lease->retry = sd_event_source_disable_unref(lease->retry);
        return sd_event_add_time_relative(
                lease->supervisor->event, &lease->retry, CLOCK_MONOTONIC, RETRY_PAUSE, 0, on_retry, lease);
}

static void on_revoked(const sd_bus_error *error, void *userdata) {
        Lease *lease = userdata;

        lease->revocation = NULL;
        if (sd_bus_error_is_set(error))
                return; /* retried */
        lease->permitted = false;
        lease_end(lease->supervisor);
}

/* As the permission was given. What comes of it is seen by the next retry. */
static void take_back_by_script(Lease *lease) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;

        if (lease->by_script && !lease->revocation)
                permission_new(lease->supervisor, &lease->target, 0, on_revoked, lease, &lease->revocation, &error);
}

int lease_end(Supervisor *supervisor) {
        Lease *lease = supervisor->lease;
        int r;

        if (!lease)
                return 0;
        r = take_back(lease);
        if (r < 0)
                take_back_by_script(lease);
        if (r < 0 && retry_later(lease, r) >= 0)
                return r;
        supervisor->lease = lease_free(lease);
        link_update(supervisor->link);
        return 0;
}

void lease_note_script(Lease *lease) {
        lease->permitted = true;
        lease->by_script = true;
        lease->stranger = !process_alive(lease->tracer_pidfd);
}

void lease_replace(Supervisor *supervisor, Lease *lease) {
        Lease *old = supervisor->lease;

        /* In the same target the new permission has taken the old one's place already: the kernel has one slot. */
        if (old && old->target.pid != lease->target.pid && take_back(old) < 0)
                log_warning("The permission of pid %d to trace pid %d could not be taken back.", old->tracer,
                        old->target.pid);
        lease_free(old);
        supervisor->lease = lease;
}

/* The tracer let go of it, or one of the two processes ended. */
static int on_end(sd_event_source *source, int fd, uint32_t events, void *userdata) {
        Lease *lease = userdata;

        lease_end(lease->supervisor);
        return 0;
}

/* Before the orders of the daemon: a tracer that has let go must not be in the way of the next that asks. */
static int watch_fd(Lease *lease, int fd, uint32_t events, sd_event_source **ret_source) {
        int r;

        r = sd_event_add_io(lease->supervisor->event, ret_source, fd, events, on_end, lease);
        return r < 0 ? r : sd_event_source_set_priority(*ret_source, SD_EVENT_PRIORITY_IMPORTANT);
}

static int watch(Lease *lease) {
        int r;

        r = watch_fd(lease, lease->fd, 0 /* EPOLLHUP comes unasked */, &lease->fd_source);
        if (r < 0)
                return r;
        r = watch_fd(lease, lease->tracer_pidfd, EPOLLIN, &lease->tracer_source);
        return r < 0 ? r : watch_fd(lease, lease->target.pidfd, EPOLLIN, &lease->target_source);
}

static int duplicate(int fd) {
        int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);

        return copy < 0 ? -errno : copy;
}

/* The time of day, and the day too where that is not today. */
static char *since_text(const Lease *lease) {
        g_autoptr(GDateTime) since = g_date_time_new_from_unix_local((gint64) (lease->since / G_USEC_PER_SEC));
        g_autoptr(GDateTime) now = g_date_time_new_now_local();
        bool today;

        if (!since || !now)
                return g_strdup("a time that is unknown");
        today = g_date_time_get_year(since) == g_date_time_get_year(now) &&
                g_date_time_get_day_of_year(since) == g_date_time_get_day_of_year(now);
        return g_date_time_format(since, today ? "%H:%M:%S" : "%Y-%m-%d %H:%M:%S");
}

int lease_check(const Supervisor *supervisor, pid_t caller, sd_bus_error *error) {
        const Lease *lease = supervisor->lease;
        g_autofree char *since = NULL;

        if (!lease || lease->tracer == caller)
                return 0;
        since = since_text(lease);
        return sd_bus_error_setf(error, HELICOPTER_ERROR_TRACER_BUSY,
                "process %d has been traced by pid %d (%s) since %s.", lease->target.pid, lease->tracer,
                lease->tracer_command ? lease->tracer_command : "", since);
}

int lease_new(Supervisor *supervisor, const Target *target, pid_t tracer, int tracer_pidfd, bool permit_now,
        Lease **ret_lease, int *ret_fd, sd_bus_error *error) {
        g_autoptr(Lease) lease = g_new(Lease, 1);
        autofd other_end = -1;
        int ends[2], r;

        *lease = (Lease) { .supervisor = supervisor, .target = TARGET_NONE, .tracer = tracer, .fd = -1 };
        lease->since = (uint64_t) g_get_real_time();
        lease->tracer_command = process_command(tracer);
        lease->tracer_pidfd = duplicate(tracer_pidfd);
        r = target_copy(target, &lease->target);
        if (r < 0)
                return r;
        if (lease->tracer_pidfd < 0)
                return -EMFILE;
        if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
                return -errno;
        lease->fd = ends[0];
        other_end = ends[1];
        r = watch(lease);
        if (r < 0)
                return r;
        if (permit_now) {
                r = permit(lease, error);
                if (r < 0)
                        return r;
        }
        *ret_lease = g_steal_pointer(&lease);
        *ret_fd = g_steal_fd(&other_end);
        return 0;
}
