/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "parent/permission.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "helicopter/cleanup.h"
#include "helicopter/error.h"
#include "helicopter/printable.h"
#include "parent/script.h"
#include "parent/waker.h"

/* For the script to be taken, and then to be run to its end: importing ctypes takes a while on a loaded machine. */
#define TAKE_TIMEOUT (5 * G_USEC_PER_SEC)
#define RUN_TIMEOUT (5 * G_USEC_PER_SEC)

/*
 * Run in a namespace of its own, so that none of its names are left in the job's __main__. What it has to say goes to a pipe of
 * ours, by its path in /proc. The pipe comes first: when it is closed, nobody waits any more, and nothing may be permitted.
 */
static const char text[] = "exec('''\n"
                           "import os\n"
                           "try:\n"
                           "    import ctypes\n"
                           "    library = ctypes.CDLL(None, use_errno=True)\n"
                           "except Exception as error:\n"
                           "    library, answer = None, repr(error)\n"
                           "try:\n"
                           "    fd = os.open('/proc/%d/fd/%d', os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)\n"
                           "    try:\n"
                           "        asked = os.fstat(fd).st_ino == %" PRIu64 "\n"
                           "        if asked and library:\n"
                           "            zero = ctypes.c_ulong(0)\n"
                           "            failed = library.prctl(0x59616d61, ctypes.c_ulong(%d), zero, zero, zero)\n"
                           "            answer = os.strerror(ctypes.get_errno()) if failed else 'done'\n"
                           "        if asked:\n"
                           "            os.write(fd, answer.encode()[:200])\n"
                           "    finally:\n"
                           "        os.close(fd)\n"
                           "except OSError:\n"
                           "    pass\n"
                           "''', {'__name__': 'helicopter'})\n";

struct Permission {
        Supervisor *supervisor;
        Target target;
        Waker *waker; /* NULL: the script has been taken */
        int answer, answer_writer;
        sd_event_source *answer_source;
        sd_event_source *timer;
        PermissionDone done;
        void *userdata;
};

Permission *permission_free(Permission *permission) {
        if (!permission)
                return NULL;
        if (permission->supervisor->permission == permission)
                permission->supervisor->permission = NULL;
        waker_cancel(permission->waker);
        sd_event_source_disable_unref(permission->answer_source);
        sd_event_source_disable_unref(permission->timer);
        close_fd(&permission->answer);
        close_fd(&permission->answer_writer);
        target_clear(&permission->target);
        g_free(permission);
        return NULL;
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Permission, permission_free)

static void finish(Permission *permission, const sd_bus_error *error) {
        PermissionDone done = permission->done;
        void *userdata = permission->userdata;

        permission_free(permission);
        done(error, userdata);
}

static void fail(Permission *permission, const char *why) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        g_autofree char *shown = printable(why, 200);

        sd_bus_error_setf(&error, HELICOPTER_ERROR_NOT_PERMITTED, "the Python of process %d could not call prctl: %s.",
                permission->target.pid, shown);
        finish(permission, &error);
}

static int on_answer(sd_event_source *source, int fd, uint32_t events, void *userdata) {
        static const sd_bus_error none = SD_BUS_ERROR_NULL;
        Permission *permission = userdata;
        char answer[256];
        ssize_t n = read(fd, answer, sizeof answer - 1);

        if (n <= 0)
                return 0;
        answer[n] = '\0';
        if (g_str_equal(answer, "done"))
                finish(permission, &none);
        else
                fail(permission, answer);
        return 0;
}

static int on_timeout(sd_event_source *source, uint64_t usec, void *userdata) {
        fail(userdata, "no answer in time");
        return 0;
}

/* The script has been taken, and its answer is what is waited for; or it has not. */
static void on_woken(const WakeResult *result, const sd_bus_error *error, void *userdata) {
        Permission *permission = userdata;

        permission->waker = NULL;
        if (!result)
                finish(permission, error);
        else if (sd_event_add_time_relative(permission->supervisor->event, &permission->timer, CLOCK_MONOTONIC,
                         RUN_TIMEOUT, 0, on_timeout, permission) < 0)
                fail(permission, g_strerror(ENOMEM));
}

static int open_answer(Permission *permission) {
        int ends[2];

        if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
                return -errno;
        permission->answer = ends[0];
        permission->answer_writer = ends[1];
        return sd_event_add_io(permission->supervisor->event, &permission->answer_source, permission->answer, EPOLLIN,
                on_answer, permission);
}

static int queue(Permission *permission, pid_t tracer, sd_bus_error *error) {
        g_autofree char *filled = NULL;
        g_auto(Target) target = TARGET_NONE;
        struct stat answer;
        Script *script;
        int r;

        if (fstat(permission->answer_writer, &answer) < 0)
                return -errno;
        filled = g_strdup_printf(text, getpid(), permission->answer_writer, (uint64_t) answer.st_ino, tracer);
        r = target_copy(&permission->target, &target);
        if (r < 0)
                return r;
        r = script_new(permission->supervisor, &target, filled, strlen(filled), -1, -1, &script, error);
        if (r < 0)
                return r;
        r = target_copy(&permission->target, &target);
        if (r >= 0)
                r = waker_new(permission->supervisor, &target, script, WAKE_AUTO, TAKE_TIMEOUT, on_woken, permission,
                        &permission->waker, error);
        if (r < 0)
                script_withdraw(script);
        return r;
}

int permission_check(const Supervisor *supervisor, sd_bus_error *error) {
        const Permission *permission = supervisor->permission;

        if (!permission)
                return 0;
        return sd_bus_error_setf(error, HELICOPTER_ERROR_SCRIPT_PENDING,
                "process %d is running a script that changes whom it lets trace it.", permission->target.pid);
}

int permission_new(Supervisor *supervisor, const Target *target, pid_t tracer, PermissionDone done, void *userdata,
        Permission **ret_permission, sd_bus_error *error) {
        g_autoptr(Permission) permission = NULL;
        int r;

        r = permission_check(supervisor, error);
        if (r < 0)
                return r;
        permission = g_new(Permission, 1);
        *permission = (Permission) {
                .supervisor = supervisor,
                .target = TARGET_NONE,
                .answer = -1,
                .answer_writer = -1,
                .done = done,
                .userdata = userdata,
        };
        r = target_copy(target, &permission->target);
        if (r >= 0)
                r = open_answer(permission);
        if (r >= 0)
                r = queue(permission, tracer, error);
        if (r < 0)
                return r;
        supervisor->permission = permission;
        *ret_permission = g_steal_pointer(&permission);
        return 0;
}
