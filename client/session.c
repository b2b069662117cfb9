/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/session.h"

#include <signal.h>
#include <sys/wait.h>

#include "client/client-error.h"
#include "client/job-script.h"
#include "config.h"
#include "helicopter/cleanup.h"
#include "helicopter/error.h"
#include "helicopter/process.h"

/* Between the target's end and the debugger's, in microseconds. */
#define DRAIN_TIME (200 * 1000)

static const struct {
        SessionEnd end;
        const char *error;
} remedies[] = {
        { SESSION_TARGET_GONE, HELICOPTER_ERROR_TARGET_GONE },
        { SESSION_INCOMPATIBLE, CLIENT_ERROR_NO_INTERPRETER },
        { SESSION_NO_ANSWER, HELICOPTER_ERROR_TIMEOUT },
        { SESSION_BUSY, CLIENT_ERROR_DEBUGGER_BUSY },
        { SESSION_FAILED, CLIENT_ERROR_CANNOT_ATTACH },
        { SESSION_ENDED, CLIENT_ERROR_CANNOT_ATTACH },
};

const char *session_remedy(int end) {
        for (size_t i = 0; i < G_N_ELEMENTS(remedies); i++)
                if ((int) remedies[i].end == end)
                        return remedies[i].error;
        return NULL;
}

static int on_drained(sd_event_source *source, uint64_t time, void *userdata) {
        Session *session = userdata;

        foreground_kill(&session->foreground, SIGTERM);
        return 0;
}

/* At its prompt pdb does not notice; elsewhere it does, and shows what the target said last. */
static int on_target_end(sd_event_source *source, int fd, uint32_t events, void *userdata) {
        Session *session = userdata;

        session->target_gone = true;
        sd_event_source_set_enabled(source, SD_EVENT_OFF);
        return sd_event_add_time_relative(
                sd_event_source_get_event(source), NULL, CLOCK_MONOTONIC, DRAIN_TIME, 0, on_drained, session);
}

static int on_started(Foreground *foreground, sd_event *event) {
        Session *session = foreground->userdata;
        int r;

        /* The script has a copy of this end, and learns of our end only without the other. */
        close_fd(&foreground->pass_fd);
        if (session->begun)
                session->begun(session->userdata);
        r = session_control_serve(&session->control, event);
        if (r < 0 || session->target_fd < 0)
                return r;
        return sd_event_add_io(event, NULL, session->target_fd, EPOLLIN, on_target_end, session);
}

/* Our permission is gone, and the job listens to one debugger only: make room for the one that was asked to take over. */
static void on_lost(Foreground *foreground) {
        foreground_kill(foreground, SIGTERM);
}

/* The script's command line, owned by the caller. */
static GPtrArray *make_command(const Session *session, int socket) {
        GPtrArray *argv = g_ptr_array_new_with_free_func(g_free);
        double left = (double) job_script_time_left(session->control.deadline) / G_USEC_PER_SEC;

        g_ptr_array_add(argv, g_strdup(session->interpreter->name));
        /* Nothing of the user's, and nothing of the installation's own site, which takes its time. */
        g_ptr_array_add(argv, g_strdup("-I"));
        g_ptr_array_add(argv, g_strdup("-S"));
        /* Nothing that is not used (PEP 810). Python 3.14 ignores it. */
        g_ptr_array_add(argv, g_strdup("-X"));
        g_ptr_array_add(argv, g_strdup("lazy_imports=all"));
        g_ptr_array_add(argv, g_build_filename(g_getenv("HELICOPTER_DATA") ?: HELICOPTER_DATA_PATH, "attach.py", NULL));
        g_ptr_array_add(argv, g_strdup_printf("%d", (int) session->control.target));
        g_ptr_array_add(argv, g_strconcat("job=", session->control.watch->info->name, NULL));
        if (session->control.wake)
                g_ptr_array_add(argv, g_strconcat("wake=", session->control.wake, NULL));
        g_ptr_array_add(argv, g_strdup_printf("control=%d", socket));
        g_ptr_array_add(argv, g_strdup_printf("timeout=%.3f", left));
        if (session->version && *session->version)
                g_ptr_array_add(argv, g_strconcat("version=", session->version, NULL));
        for (char **command = session->commands; command && *command; command++)
                g_ptr_array_add(argv, g_strconcat("command=", *command, NULL));
        g_ptr_array_add(argv, NULL);
        return argv;
}

/* The SessionEnd of a wait(2) status. */
static int end_of(int status) {
        return WIFEXITED(status) ? WEXITSTATUS(status) : SESSION_ENDED;
}

int session_run(Session *session) {
        autofd target = process_open(session->control.target);
        g_autoptr(GPtrArray) argv = NULL;
        int socket, r;

        r = session_control_open(&session->control, &socket);
        if (r < 0)
                return r;
        argv = make_command(session, socket);
        session->target_fd = target;
        session->foreground = (Foreground) {
                .file = session->interpreter->file,
                .argv = (char *const *) argv->pdata,
                .library_path = session->interpreter->library_path,
                .pass_fd = socket,
                .holds_interrupts = true,
                .watch = session->control.watch,
                .started = on_started,
                .lost = on_lost,
                .userdata = session,
        };
        r = foreground_run(&session->foreground);
        close_fd(&session->foreground.pass_fd);
        session->target_fd = -1;
        return r < 0 ? r : end_of(r);
}
