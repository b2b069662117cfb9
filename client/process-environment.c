/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/process-environment.h"

#include <glib.h>
#include <string.h>

/* The strings of a file below /proc/PID, or NULL. Owned by the caller. */
static char **read_strings(pid_t pid, const char *name) {
        g_autofree char *path = g_strdup_printf("/proc/%d/%s", (int) pid, name);
        g_autoptr(GPtrArray) strings = g_ptr_array_new_with_free_func(g_free);
        g_autofree char *block = NULL;
        gsize size;

        if (!g_file_get_contents(path, &block, &size, NULL))
                return NULL;
        for (const char *p = block; p < block + size; p += strlen(p) + 1)
                g_ptr_array_add(strings, g_strdup(p));
        g_ptr_array_add(strings, NULL);
        return (char **) g_ptr_array_steal(strings, NULL);
}

char *process_environment_get(pid_t pid, const char *name) {
        g_auto(GStrv) environment = read_strings(pid, "environ");

        return environment ? g_strdup(g_environ_getenv(environment, name)) : NULL;
}

/* The options of a Python end with the script, or with -c or -m. */
static bool ends_options(const char *argument) {
        return *argument != '-' || g_str_equal(argument, "--") || g_str_has_prefix(argument, "-c") ||
                g_str_has_prefix(argument, "-m");
}

bool process_environment_has_x_option(pid_t pid, const char *value) {
        g_auto(GStrv) argv = read_strings(pid, "cmdline");

        if (!argv || !argv[0])
                return false;
        for (char **argument = argv + 1; *argument && !ends_options(*argument); argument++) {
                if (g_str_has_prefix(*argument, "-X") && g_str_equal(*argument + 2, value))
                        return true;
                if (!g_str_equal(*argument, "-X") && !g_str_equal(*argument, "-W"))
                        continue;
                argument++;
                if (!*argument)
                        break;
                if (g_str_equal(argument[-1], "-X") && g_str_equal(*argument, value))
                        return true;
        }
        return false;
}
