/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/interpreter.h"

#include <errno.h>
#include <glib.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "client/client-error.h"
#include "helicopter/error.h"

#define DELETED " (deleted)"
#define LIBRARY_PATH "LD_LIBRARY_PATH"

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

/* The library path that the job began with: where an interpreter was set up by it, ours may not find libpython. */
static char *read_library_path(pid_t pid) {
        g_autofree char *path = g_strdup_printf("/proc/%d/environ", (int) pid);
        g_autofree char *block = NULL;
        gsize size;

        if (!g_file_get_contents(path, &block, &size, NULL))
                return NULL;
        for (const char *p = block; p < block + size; p += strlen(p) + 1)
                if (g_str_has_prefix(p, LIBRARY_PATH "="))
                        return g_strdup(p + strlen(LIBRARY_PATH "="));
        return NULL;
}

/* Replaced on disk: run the old one that the job runs, but under the path where its library is. */
static void use_executable(pid_t pid, char *link, char *path, Interpreter *interpreter) {
        if (is_same_file(path, link)) {
                interpreter->file = g_strdup(path);
        } else {
                interpreter->file = g_strdup(link);
                if (g_str_has_suffix(path, DELETED))
                        path[strlen(path) - strlen(DELETED)] = '\0';
        }
        interpreter->name = g_strdup(path);
        interpreter->library_path = read_library_path(pid);
}

/* A program with a Python within cannot be run as one; its version can be had from elsewhere. */
static int use_version(const char *path, const char *version, Interpreter *interpreter, sd_bus_error *error) {
        g_autofree char *name = NULL;
        unsigned major, minor;

        if (!version || sscanf(version, "%u.%u", &major, &minor) != 2)
                return client_error_set(error, CLIENT_ERROR_NO_INTERPRETER, ENOENT,
                        "%s is not a Python interpreter, and its version is unknown", path);
        name = g_strdup_printf("python%u.%u", major, minor);
        interpreter->file = g_find_program_in_path(name);
        if (!interpreter->file)
                return client_error_set(error, CLIENT_ERROR_NO_INTERPRETER, ENOENT,
                        "%s is not a Python interpreter, and there is no %s to debug the Python within", path, name);
        interpreter->name = g_strdup(interpreter->file);
        return 0;
}

int interpreter_find(pid_t pid, const char *version, Interpreter *ret_interpreter, sd_bus_error *error) {
        g_autofree char *link = g_strdup_printf("/proc/%d/exe", (int) pid);
        g_autoptr(GError) failure = NULL;
        g_autofree char *path = g_file_read_link(link, &failure);

        if (!path)
                return client_error_set(error, HELICOPTER_ERROR_TARGET_GONE, ESRCH,
                        "Cannot tell which program process %d runs: it is gone", (int) pid);
        if (!is_python(path))
                return use_version(path, version, ret_interpreter, error);
        use_executable(pid, link, path, ret_interpreter);
        return 0;
}
