/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "parent/remote-exec.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "helicopter/bus-options.h"
#include "helicopter/error.h"
#include "parent/lease.h"
#include "parent/script.h"

#define SCRIPT_MAX (1024 * 1024)

static int bad_script(const char *why, sd_bus_error *error) {
        return sd_bus_error_setf(error, HELICOPTER_ERROR_BAD_OPTION, "the script cannot be used: %s.", why);
}

/* A file, so that reading it does not wait for anybody. */
static int read_script(int fd, char **ret_text, size_t *ret_size, sd_bus_error *error) {
        g_autofree char *text = NULL;
        struct stat st;
        ssize_t n;

        if (fstat(fd, &st) < 0)
                return bad_script(g_strerror(errno), error);
        if (!S_ISREG(st.st_mode))
                return bad_script("it is not a file", error);
        if (st.st_size > SCRIPT_MAX)
                return bad_script("it is larger than 1 MiB", error);
        text = g_malloc((size_t) st.st_size);
        n = pread(fd, text, (size_t) st.st_size, 0);
        if (n < 0)
                return bad_script(g_strerror(errno), error);
        *ret_text = g_steal_pointer(&text);
        *ret_size = (size_t) n;
        return 0;
}

int remote_exec_method(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Supervisor *supervisor = userdata;
        g_auto(Target) target = TARGET_NONE;
        g_autofree char *text = NULL;
        int caller, file, guard = -1, r;
        uint32_t pid, caller_pid;
        Script *script;
        size_t size = 0;

        r = sd_bus_message_read(message, "uuhh", &pid, &caller_pid, &caller, &file);
        if (r < 0)
                return r;
        r = bus_options_read(message, "RemoteExec", (const BusOption[]) { { "guard", 'h', &guard }, {} }, error);
        if (r < 0)
                return r;
        r = target_hold(supervisor, pid, &target, error);
        if (r < 0)
                return r;
        r = lease_check(supervisor, (pid_t) caller_pid, error);
        if (r < 0)
                return r;
        r = read_script(file, &text, &size, error);
        if (r < 0)
                return r;
        r = script_new(supervisor, &target, text, size, caller, guard, &script, error);
        return r < 0 ? r : sd_bus_reply_method_return(message, NULL);
}
