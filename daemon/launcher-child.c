/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Jobs as children of the daemon, where there is no service manager: own session, no input, output into a file. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "daemon/file-limit.h"
#include "daemon/launcher.h"
#include "helicopter/cleanup.h"
#include "helicopter/error.h"
#include "helicopter/log.h"

static char *log_path(const Launch *launch) {
        g_autofree char *file = g_strconcat(launch->job_name, ".log", NULL);

        return g_build_filename(g_get_user_state_dir(), "helicopter", "log", file, NULL);
}

/* A file for this job alone; that of the last one of its name is kept beside it. */
static int open_log(const char *path) {
        g_autofree char *folder = g_path_get_dirname(path), *old = g_strconcat(path, ".old", NULL);
        int fd;

        if (g_mkdir_with_parents(folder, 0700) < 0)
                return -errno;
        if (rename(path, old) < 0 && errno != ENOENT)
                return -errno;
        fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
        return fd < 0 ? -errno : fd;
}

/* In the child, before it executes the parent: nothing that is the daemon's own, and a session of its own. */
static void set_up_child(void *userdata) {
        const Launch *launch = userdata;
        sigset_t none;

        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        file_limit_restore();
        if (launch->umask != UMASK_OF_LAUNCHER)
                umask(launch->umask);
        setsid();
}

typedef struct Watch {
        Manager *manager;
        char *job_name;
        uint64_t job_id;
} Watch;

static void watch_free(void *userdata) {
        Watch *watch = userdata;

        g_free(watch->job_name);
        g_free(watch);
}

/* A parent that registered says itself how its job ended; this is for one that could not. */
static int on_child_exit(sd_event_source *source, const siginfo_t *info, void *userdata) {
        Watch *watch = userdata;
        Job *job = manager_find_same_job(watch->manager, watch->job_name, watch->job_id);
        g_autofree char *reason = g_strdup_printf("Its helicopter-parent ended at once (%s %d); its log may say why.",
                info->si_code == CLD_EXITED ? "code" : "signal", info->si_status);

        if (job && job->parent_pid == 0)
                job_fail(job, reason);
        /* The event loop has the only reference, and drops it here. */
        return sd_event_source_set_floating(source, false);
}

static int watch_child(Launch *launch, pid_t pid) {
        Manager *manager = launch->launcher->manager;
        sd_event_source *source;
        Watch *watch;
        int r;

        watch = g_new(Watch, 1);
        *watch = (Watch) { .manager = manager, .job_name = g_strdup(launch->job_name), .job_id = launch->job_id };
        r = sd_event_add_child(manager->event, &source, pid, WEXITED, on_child_exit, watch);
        if (r < 0) {
                watch_free(watch);
                return r;
        }
        sd_event_source_set_destroy_callback(source, watch_free);
        sd_event_source_set_floating(source, true);
        /* After what the parent wrote before it ended. */
        sd_event_source_set_priority(source, SD_EVENT_PRIORITY_IDLE);
        sd_event_source_unref(source);
        return 0;
}

static void fail(Launch *launch, int error, const char *what, const char *why) {
        g_autofree char *reason = g_strdup_printf("%s: %s.", what, why);

        launch_finish(launch, error, reason);
}

static void refuse_settings(Launch *launch) {
        Job *job = launch_job(launch);

        if (job)
                job->launch_error = HELICOPTER_ERROR_BAD_OPTION;
        launch_finish(
                launch, -EOPNOTSUPP, "Properties of a unit need a service manager, and there is none on the user bus.");
}

void launch_as_child(Launch *launch) {
        g_autofree char *path = log_path(launch);
        autofd output = open_log(path);
        g_autoptr(GError) error = NULL;
        GPid pid;
        int r;

        if (launch->settings->len > 0) {
                refuse_settings(launch);
                return;
        }
        if (output < 0) {
                fail(launch, output, path, g_strerror(-output));
                return;
        }
        if (!g_spawn_async_with_pipes_and_fds(launch->cwd, (const char *const *) launch->command, NULL,
                    G_SPAWN_DO_NOT_REAP_CHILD, set_up_child, launch, launch->memory, output, output, NULL, NULL, 0,
                    &pid, NULL, NULL, NULL, &error)) {
                fail(launch, -EIO, "It cannot be started", error->message);
                return;
        }
        r = watch_child(launch, pid);
        if (r < 0)
                log_error("Job %s: its end will not be noticed: %s.", launch->job_name, g_strerror(-r));
        if (launch_job(launch))
                job_set_log_path(launch_job(launch), path);
        launch_finish(launch, 0, NULL);
}
