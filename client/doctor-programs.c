/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* doctor: helicopter's own programs, and Python. */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client/doctor.h"
#include "client/manager-property.h"
#include "config.h"

#define QUESTION_SECONDS 10

/* The first Python that can be asked to run a script (PEP 768). */
#define PYTHON_MAJOR 3
#define PYTHON_MINOR 14

/* How far is looked for a later one. */
#define LATEST_MINOR 20

void doctor_programs(DoctorResult *result) {
        const char *programs[] = { g_getenv("HELICOPTER_DAEMON") ?: HELICOPTER_DAEMON_PATH, HELICOPTER_PARENT_PATH,
                HELICOPTER_UNWIND_PATH };

        for (size_t i = 0; i < G_N_ELEMENTS(programs); i++)
                if (access(programs[i], X_OK) < 0) {
                        doctor_found(result, DOCTOR_PROBLEM, "Install helicopter again", "%s: %s", programs[i],
                                g_strerror(errno));
                        return;
                }
        doctor_found(result, DOCTOR_OK, NULL, "helicopter " HELICOPTER_VERSION " is installed: %s", programs[0]);
}

void doctor_daemon(DoctorResult *result) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        g_autoptr(Connection) connection = NULL;
        g_autofree char *version = NULL;
        int r;

        r = connection_open_running(&connection);
        if (r == -ENOENT || r == -ECONNREFUSED) {
                doctor_found(result, DOCTOR_OK, NULL, "It does not run; it is started when it is needed");
                return;
        }
        if (r >= 0)
                r = manager_property_version(connection, &version, &error);
        if (r < 0)
                doctor_found(result, DOCTOR_PROBLEM, "End helicopterd: jobs go on, and are known again when it is back",
                        "It does not answer: %s", error.message ?: g_strerror(-r));
        else if (!g_str_equal(version, HELICOPTER_VERSION))
                doctor_found(result, DOCTOR_NOTE,
                        "'systemctl --user restart helicopterd', or end helicopterd: jobs go on meanwhile",
                        "It is version %s, and helicopter-client is " HELICOPTER_VERSION, version);
        else
                doctor_found(result, DOCTOR_OK, NULL, "It runs, and has the version of helicopter-client");
}

/* In the child. */
static void limit_time(gpointer userdata) {
        signal(SIGALRM, SIG_DFL);
        alarm(QUESTION_SECONDS);
}

/* What a Python says of itself: "3.14.8 enabled". NULL: it does not work. Owned by the caller. */
static char *ask(const char *python) {
        static const char question[] = "import sys\n"
                                       "enabled = getattr(sys, 'is_remote_debug_enabled', lambda: False)()\n"
                                       "print('%d.%d.%d' % sys.version_info[:3], 'enabled' if enabled else 'disabled')";
        char *argv[] = { (char *) python, (char *) "-S", (char *) "-c", (char *) question, NULL };
        g_autofree char *output = NULL;
        int status;

        if (!g_spawn_sync(NULL, argv, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL, limit_time, NULL, &output,
                    NULL, &status, NULL) ||
                !g_spawn_check_wait_status(status, NULL))
                return NULL;
        return g_strdup(g_strstrip(output));
}

static void judge(DoctorResult *result, const char *path, const char *answer) {
        g_autofree char *version = g_strndup(answer, strcspn(answer, " "));
        int major = 0, minor = 0;

        if (sscanf(version, "%d.%d", &major, &minor) != 2)
                doctor_found(result, DOCTOR_PROBLEM, "Name a Python: helicopter-client doctor PYTHON",
                        "%s does not say which Python it is", path);
        else if (major < PYTHON_MAJOR || (major == PYTHON_MAJOR && minor < PYTHON_MINOR))
                doctor_found(result, DOCTOR_PROBLEM,
                        "Run jobs with Python 3.14 or later, which needs no root to install: 'uv python install 3.14'",
                        "%s is Python %s, and cannot be debugged while it runs", path, version);
        else if (g_str_has_suffix(answer, "enabled"))
                doctor_found(
                        result, DOCTOR_OK, NULL, "%s is Python %s, and can be debugged while it runs", path, version);
        else if (g_getenv("PYTHON_DISABLE_REMOTE_DEBUG"))
                doctor_found(result, DOCTOR_PROBLEM, "Unset PYTHON_DISABLE_REMOTE_DEBUG where jobs are started",
                        "%s is Python %s, with remote debugging disabled by PYTHON_DISABLE_REMOTE_DEBUG", path,
                        version);
        else
                doctor_found(result, DOCTOR_PROBLEM, "Run jobs with a Python that was built with it",
                        "%s is Python %s, built --without-remote-debug", path, version);
}

/* A Python in the PATH that is new enough, under its own name, or NULL. Owned by the caller. */
static char *find_newer(void) {
        for (int minor = LATEST_MINOR; minor >= PYTHON_MINOR; minor--) {
                g_autofree char *name = g_strdup_printf("python%d.%d", PYTHON_MAJOR, minor);
                g_autofree char *path = g_find_program_in_path(name), *answer = path ? ask(path) : NULL;

                if (answer && g_str_has_suffix(answer, "enabled"))
                        return g_steal_pointer(&path);
        }
        return NULL;
}

static void look_for_newer(DoctorResult *result) {
        g_autofree char *newer = find_newer(), *found = NULL;

        if (!newer)
                return;
        found = g_steal_pointer(&result->text);
        doctor_found(result, DOCTOR_NOTE, "Name it in front of the script: helicopter-client run -- python3.x job.py",
                "%s; but %s can", found, newer);
}

void doctor_python(DoctorResult *result, const char *python) {
        g_autofree char *path = g_find_program_in_path(python ?: "python3"), *answer = NULL;

        if (!path) {
                doctor_found(result, DOCTOR_PROBLEM,
                        "Install Python 3.14 or later, which needs no root: 'uv python install 3.14'",
                        "There is no %s in the PATH", python ?: "python3");
                return;
        }
        answer = ask(path);
        if (!answer)
                doctor_found(result, DOCTOR_PROBLEM, "Run it by hand to see why", "%s does not work as a Python", path);
        else
                judge(result, path, answer);
        if (!python && result->status == DOCTOR_PROBLEM)
                look_for_newer(result);
}
