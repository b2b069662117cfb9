/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * PEP 768 has no word for "it is done". That the script's file is closed after reading is what comes next to it (CPython
 * 3.14 and 3.15 read it whole, close it and then run it), and inotify tells that, of a memory file too (Linux 6.18).
 */

#include "parent/script.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>

#include "helicopter/cleanup.h"
#include "helicopter/error.h"
#include "parent/close-aside.h"

/* For the system call that sets the eval breaker; when it cannot be made in this time, it is set as CPython does. */
#define INJECTION_TIMEOUT (500 * G_TIME_SPAN_MILLISECOND)

/* For the file to be read by a thread that has taken the request. */
#define DRAIN_TIMEOUT (30 * G_USEC_PER_SEC)

#define SCRIPTS_MAX 64

static Script *script_free(Script *script) {
        if (!script)
                return NULL;
        g_queue_remove(&script->supervisor->scripts, script);
        for (size_t i = 0; i < G_N_ELEMENTS(script->sources); i++)
                sd_event_source_disable_unref(script->sources[i]);
        close_aside(&script->watch);
        close_fd(&script->guard);
        close_fd(&script->caller);
        remote_exec_free(script->remote);
        script_file_clear(&script->file);
        target_clear(&script->target);
        g_free(script);
        return NULL;
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Script, script_free)

/* The script is gone. */
static void end(Script *script, ScriptEnd how) {
        ScriptEnded ended = script->ended;
        void *userdata = script->userdata;

        if (!ended && how == SCRIPT_TAKEN) {
                script->supervisor->taken_target = script->target.pid;
                script->supervisor->taken_thread = script->thread.tid;
        }
        script_free(script);
        if (ended)
                ended(how, userdata);
}

/* Whether the file has been read since the watch was set. */
static bool was_read(const Script *script) {
        char events[4096] __attribute__((aligned(__alignof__(struct inotify_event))));

        return script->watch >= 0 && read(script->watch, events, sizeof events) > 0;
}

/* The same, without taking notice. */
static bool is_read(const Script *script) {
        struct pollfd fd = { .fd = script->watch, .events = POLLIN };

        return poll(&fd, 1, 0) > 0;
}

static int on_read(sd_event_source *source, int fd, uint32_t events, void *userdata) {
        Script *script = userdata;

        if (was_read(script))
                end(script, SCRIPT_TAKEN);
        return 0;
}

/* The target has ended, or has not read the file in all this time: something in it forbids that. */
static int on_end(sd_event_source *source, int fd, uint32_t events, void *userdata) {
        end(userdata, SCRIPT_WITHDRAWN);
        return 0;
}

static int on_drain_timeout(sd_event_source *source, uint64_t usec, void *userdata) {
        end(userdata, SCRIPT_WITHDRAWN);
        return 0;
}

/* A thread is about to read the file, which must be there until then. */
static void drain(Script *script) {
        script->draining = true;
        script->ended = NULL;
        script->sources[SOURCE_GUARD] = sd_event_source_disable_unref(script->sources[SOURCE_GUARD]);
        script->sources[SOURCE_CALLER] = sd_event_source_disable_unref(script->sources[SOURCE_CALLER]);
        if (sd_event_add_time_relative(script->supervisor->event, &script->sources[SOURCE_TIMER], CLOCK_MONOTONIC,
                    DRAIN_TIMEOUT, 0, on_drain_timeout, script) < 0)
                script_free(script);
}

ScriptEnd script_withdraw(Script *script) {
        int r = remote_exec_withdraw(script->remote, &script->thread, script->file.path);

        if (r == 0 && !was_read(script))
                drain(script);
        else
                script_free(script);
        return r == 0 ? SCRIPT_TAKEN : SCRIPT_WITHDRAWN;
}

/* The guard has hung up, or the caller has ended. */
static int on_hang_up(sd_event_source *source, int fd, uint32_t events, void *userdata) {
        Script *script = userdata;
        ScriptEnded ended = script->ended;
        void *ended_userdata = script->userdata;
        ScriptEnd how = script_withdraw(script);

        if (ended)
                ended(how, ended_userdata);
        return 0;
}

void script_withdraw_all(Supervisor *supervisor) {
        Script *script;

        while ((script = g_queue_pop_head(&supervisor->scripts))) {
                remote_exec_withdraw(script->remote, &script->thread, script->file.path);
                script_free(script);
        }
}

pid_t script_last_taken(Supervisor *supervisor, pid_t target) {
        pid_t thread = supervisor->taken_target == target ? supervisor->taken_thread : 0;

        supervisor->taken_target = 0;
        return thread;
}

Script *script_find(const Supervisor *supervisor, pid_t target) {
        for (GList *link = supervisor->scripts.head; link; link = link->next) {
                Script *script = link->data;

                if (script->target.pid == target && !script->draining)
                        return script;
        }
        return NULL;
}

static int watch(Script *script, unsigned index, int fd, uint32_t events, sd_event_io_handler_t handler) {
        return sd_event_add_io(script->supervisor->event, &script->sources[index], fd, events, handler, script);
}

/* A copy of a descriptor, watched; nothing for -1. */
static int watch_copy(Script *script, unsigned index, int fd, uint32_t events, int *ret_copy) {
        if (fd < 0)
                return 0;
        *ret_copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        return *ret_copy < 0 ? -errno : watch(script, index, *ret_copy, events, on_hang_up);
}

/* A user has 128 inotify instances by default: when they are used up, the pending flag has to do. */
static int watch_file(Script *script) {
        g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", script->file.fd);

        script->watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
        if (script->watch < 0)
                return errno == EMFILE ? 0 : -errno;
        if (inotify_add_watch(script->watch, path, IN_CLOSE_NOWRITE) < 0)
                return -errno;
        return watch(script, SOURCE_FILE, script->watch, EPOLLIN, on_read);
}

static int watch_all(Script *script, int caller, int guard) {
        int r;

        r = watch_file(script);
        if (r < 0)
                return r;
        r = watch(script, SOURCE_TARGET, script->target.pidfd, EPOLLIN, on_end);
        if (r < 0)
                return r;
        r = watch_copy(script, SOURCE_CALLER, caller, EPOLLIN, &script->caller);
        if (r < 0)
                return r;
        return watch_copy(script, SOURCE_GUARD, guard, 0 /* EPOLLHUP comes unasked */, &script->guard);
}

static int queue(Script *script, sd_bus_error *error) {
        pid_t pid = script->target.pid;
        int r;

        r = remote_exec_threads(script->remote, &script->thread, 1);
        if (r < 0)
                return target_python_error(pid, r, NULL, error);
        r = remote_exec_queue(script->remote, &script->thread, script->file.path, INJECTION_TIMEOUT);
        if (r == -EBUSY)
                return sd_bus_error_setf(
                        error, HELICOPTER_ERROR_SCRIPT_PENDING, "process %d has another script to run first.", pid);
        return r < 0 ? target_trace_error(pid, r, error) : 0;
}

static int prepare(Script *script, const void *text, size_t size, int caller, int guard, sd_bus_error *error) {
        PythonRuntime runtime = {};
        int r;

        r = remote_exec_open(script->target.pid, &script->remote, &runtime);
        if (r < 0)
                return target_python_error(script->target.pid, r, &runtime, error);
        r = script_file_new(script->target.pid, text, size, &script->file);
        if (r >= 0)
                r = watch_all(script, caller, guard);
        if (r < 0)
                return sd_bus_error_setf(error, HELICOPTER_ERROR_NOT_PERMITTED,
                        "no script can be handed to process %d: %s.", script->target.pid, g_strerror(-r));
        return 0;
}

bool script_is_taken(const Script *script) {
        return script->watch < 0 && remote_exec_is_pending(script->remote, &script->thread) == 0;
}

bool script_is_unread(const Script *script) {
        return script->watch >= 0 && remote_exec_is_pending(script->remote, &script->thread) == 0;
}

int script_queue_again(Script *script) {
        return remote_exec_queue(script->remote, &script->thread, script->file.path, INJECTION_TIMEOUT);
}

static int check(const Supervisor *supervisor, pid_t target, sd_bus_error *error) {
        Script *before = script_find(supervisor, target);

        if (before && (!script_is_taken(before) || before->ended || script_withdraw(before) != SCRIPT_TAKEN))
                return sd_bus_error_setf(
                        error, HELICOPTER_ERROR_SCRIPT_PENDING, "process %d has another script to run first.", target);
        if (g_queue_get_length((GQueue *) &supervisor->scripts) >= SCRIPTS_MAX)
                return sd_bus_error_set(
                        error, HELICOPTER_ERROR_LIMIT_REACHED, "too many scripts are queued in it already.");
        return 0;
}

int script_new(Supervisor *supervisor, Target *target, const void *text, size_t size, int caller, int guard,
        Script **ret_script, sd_bus_error *error) {
        g_autoptr(Script) script = NULL;
        int r;

        r = check(supervisor, target->pid, error);
        if (r < 0)
                return r;
        script = g_new(Script, 1);
        *script = (Script) {
                .supervisor = supervisor,
                .target = *target,
                .file = SCRIPT_FILE_NONE,
                .watch = -1,
                .guard = -1,
                .caller = -1,
        };
        *target = TARGET_NONE;
        r = prepare(script, text, size, caller, guard, error);
        if (r >= 0)
                r = queue(script, error);
        if (r < 0)
                return r;
        script_last_taken(supervisor, script->target.pid);
        g_queue_push_tail(&supervisor->scripts, script);
        *ret_script = g_steal_pointer(&script);
        return 0;
}

int script_move(Script *script, const PythonThread *thread) {
        const char *path = script->file.path;
        PythonThread before = script->thread;
        int r;

        r = remote_exec_withdraw(script->remote, &before, path);
        if (r == -ESRCH)
                r = !is_read(script); /* a thread that has ended cannot take it any more */
        if (r <= 0)
                return r < 0 ? r : -EBUSY;
        r = remote_exec_queue(script->remote, thread, path, INJECTION_TIMEOUT);
        if (r >= 0) {
                script->thread = *thread;
                return 0;
        }
        if (remote_exec_queue(script->remote, &before, path, INJECTION_TIMEOUT) >= 0)
                return r;
        script_free(script);
        return -ECANCELED;
}
