/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "parent/environment.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "helicopter/cleanup.h"
#include "helicopter/job-start.h"

/* No more than execve(2) takes. */
#define SIZE_MAX_READ (64 << 20)

/* Others may share the file's position. */
static int read_stdin(GString *text) {
        struct stat status;
        char buffer[4096];

        if (fstat(STDIN_FILENO, &status) < 0)
                return -errno;
        if (!S_ISREG(status.st_mode)) /* /dev/null, a terminal: nobody has passed an environment */
                return -EINVAL;
        while (text->len < SIZE_MAX_READ) {
                ssize_t n = pread(STDIN_FILENO, buffer, sizeof buffer, (off_t) text->len);

                if (n <= 0)
                        return n < 0 ? -errno : 0;
                g_string_append_len(text, buffer, n);
        }
        return -E2BIG;
}

/* The position is at the beginning; from now on it is elsewhere. */
static bool is_first(void) {
        bool first = lseek(STDIN_FILENO, 0, SEEK_CUR) == 0;

        return lseek(STDIN_FILENO, 1, SEEK_SET) == 1 && first;
}

static int empty_stdin(void) {
        autofd null = open("/dev/null", O_RDONLY | O_CLOEXEC);

        if (null < 0)
                return -errno;
        return dup2(null, STDIN_FILENO) < 0 ? -errno : 0;
}

/* What the service manager tells a unit's processes stays theirs (systemd.exec(5)). */
static char **keep_unit_variables(char **environment) {
        static const char *const kept[] = { "INVOCATION_ID", "JOURNAL_STREAM", "SYSTEMD_EXEC_PID",
                "MEMORY_PRESSURE_WATCH", "MEMORY_PRESSURE_WRITE", NULL };

        for (const char *const *name = kept; *name; name++) {
                const char *value = g_getenv(*name);

                environment = value ? g_environ_setenv(environment, *name, value, true)
                                    : g_environ_unsetenv(environment, *name);
        }
        return environment;
}

int environment_from_stdin(char ***ret_environment, GBytes **ret_text, bool *ret_first) {
        g_autoptr(GString) read = g_string_new(NULL);
        g_autoptr(GBytes) text = NULL;
        g_auto(JobStart) start = {};
        int r;

        r = read_stdin(read);
        if (r < 0)
                return r;
        *ret_first = is_first();
        r = empty_stdin();
        if (r < 0)
                return r;
        text = g_bytes_new(read->str, read->len);
        job_start_unpack(text, &start);
        *ret_environment = keep_unit_variables(g_steal_pointer(&start.environment));
        *ret_text = g_steal_pointer(&text);
        return 0;
}

char **environment_with(char **variables) {
        char **environment = g_get_environ();

        for (; variables && *variables; variables++) {
                const char *equals = strchr(*variables, '=');
                g_autofree char *name = g_strndup(*variables, (size_t) (equals - *variables));

                environment = g_environ_setenv(environment, name, equals + 1, true);
        }
        return environment;
}
