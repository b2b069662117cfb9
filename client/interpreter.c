/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/interpreter.h"

#include <errno.h>
#include <glib.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/client-error.h"
#include "client/process-environment.h"
#include "helicopter/error.h"

#define DELETED " (deleted)"
#define LIBRARY_PATH "LD_LIBRARY_PATH"
#define QUESTION_SECONDS 5

void interpreter_clear(Interpreter *interpreter) {
        g_clear_pointer(&interpreter->file, g_free);
        g_clear_pointer(&interpreter->name, g_free);
        g_clear_pointer(&interpreter->library_path, g_free);
}

/* Whether a path still leads to the program that a /proc/PID/exe stands for. */
static bool is_same_file(const char *path, const char *link) {
        struct stat by_path, by_link;

        return stat(path, &by_path) == 0 && stat(link, &by_link) == 0 && by_path.st_dev == by_link.st_dev &&
                by_path.st_ino == by_link.st_ino;
}

static bool is_python(const char *path) {
        g_autofree char *name = g_path_get_basename(path);

        return strstr(name, "python") != NULL;
}

/* "3.14" of "3.14.8", or NULL. Owned by the caller. */
static char *minor_version(const char *version) {
        unsigned major, minor;

        if (!version || sscanf(version, "%u.%u", &major, &minor) != 2)
                return NULL;
        return g_strdup_printf("%u.%u", major, minor);
}

/* In the child. What is called like a Python need not be one, nor end. */
static void limit_time(gpointer userdata) {
        signal(SIGALRM, SIG_DFL);
        alarm(QUESTION_SECONDS);
}

/* Its version as it says itself, by running it; NULL: it does not work. Owned by the caller. */
static char *ask_version(const Interpreter *candidate) {
        static const char question[] = "import encodings, sys; print('%d.%d' % sys.version_info[:2])";
        char *argv[] = { candidate->file, candidate->name, (char *) "-I", (char *) "-c", (char *) question, NULL };
        g_auto(GStrv) environment = g_get_environ();
        g_autofree char *output = NULL;
        int status;

        if (candidate->library_path)
                environment = g_environ_setenv(environment, LIBRARY_PATH, candidate->library_path, FALSE);
        if (!g_spawn_sync(NULL, argv, environment, G_SPAWN_FILE_AND_ARGV_ZERO | G_SPAWN_STDERR_TO_DEV_NULL, limit_time,
                    NULL, &output, NULL, &status, NULL))
                return NULL;
        return g_spawn_check_wait_status(status, NULL) ? g_strdup(g_strstrip(output)) : NULL;
}

/* The one in the PATH, or NULL. Owned by the caller. */
static char *find_in_path(const char *version) {
        g_autofree char *name = version ? g_strconcat("python", version, NULL) : NULL;

        return name ? g_find_program_in_path(name) : NULL;
}

/* A program with a Python within cannot be run as one; its version can be had from elsewhere. */
static int use_version(const char *path, const char *version, Interpreter *interpreter, sd_bus_error *error) {
        g_autofree char *minor = minor_version(version);

        if (!minor)
                return client_error_set(error, CLIENT_ERROR_NO_INTERPRETER, ENOENT,
                        "%s is not a Python interpreter, and its version is unknown", path);
        interpreter->file = find_in_path(minor);
        if (!interpreter->file)
                return client_error_set(error, CLIENT_ERROR_NO_INTERPRETER, ENOENT,
                        "%s is not a Python interpreter, and there is no python%s to debug the Python within", path,
                        minor);
        interpreter->name = g_strdup(interpreter->file);
        return 0;
}

/* The file that the process runs, under the path where its library was. */
static void use_kept_file(pid_t pid, const char *link, const char *path, Interpreter *interpreter) {
        interpreter->file = g_strdup(link);
        interpreter->name = g_strdup(path);
        interpreter->library_path = process_environment_get(pid, LIBRARY_PATH);
}

/* Its file is there, but no longer where it was; nor may its library be. */
static int use_replaced(pid_t pid, const char *link, char *path, const char *version, Interpreter *ret_interpreter,
        sd_bus_error *error) {
        g_autofree char *minor = minor_version(version), *found = NULL;
        g_auto(Interpreter) kept = { NULL };

        if (g_str_has_suffix(path, DELETED))
                path[strlen(path) - strlen(DELETED)] = '\0';
        use_kept_file(pid, link, path, &kept);
        found = ask_version(&kept);
        if (found && (!minor || strcmp(found, minor) == 0)) {
                *ret_interpreter = kept;
                kept = (Interpreter) { NULL };
                return 0;
        }
        ret_interpreter->file = find_in_path(minor);
        ret_interpreter->name = g_strdup(ret_interpreter->file);
        if (ret_interpreter->file)
                return 0;
        if (found)
                return client_error_set(error, CLIENT_ERROR_NO_INTERPRETER, ENOENT,
                        "process %d runs Python %s, %s was replaced, and is Python %s now", (int) pid, minor, path,
                        found);
        return client_error_set(error, CLIENT_ERROR_NO_INTERPRETER, ENOENT,
                "process %d runs Python %s, %s was replaced or removed, and there is no other", (int) pid,
                minor ?: "of an unknown version", path);
}

int interpreter_find(pid_t pid, const char *version, Interpreter *ret_interpreter, sd_bus_error *error) {
        g_autofree char *link = g_strdup_printf("/proc/%d/exe", (int) pid);
        g_autoptr(GError) failure = NULL;
        g_autofree char *path = g_file_read_link(link, &failure);

        if (!path && g_error_matches(failure, G_FILE_ERROR, G_FILE_ERROR_NOENT))
                return client_error_set(error, HELICOPTER_ERROR_TARGET_GONE, ESRCH,
                        "it cannot be told which program process %d runs: it is gone", (int) pid);
        if (!path)
                return client_error_set(error, HELICOPTER_ERROR_NOT_PERMITTED, EPERM,
                        "the system does not tell which program process %d runs", (int) pid);
        if (!is_python(path))
                return use_version(path, version, ret_interpreter, error);
        if (!is_same_file(path, link))
                return use_replaced(pid, link, path, version, ret_interpreter, error);
        use_kept_file(pid, path, path, ret_interpreter);
        return 0;
}
