/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "helicopter/error.h"

#include <errno.h>
#include <glib.h>
#include <string.h>

static const struct {
        const char *name;
        int error;
        const char *remedy;
} table[] = {
        { HELICOPTER_ERROR_NO_SUCH_JOB, ENOENT, "'helicopter-client list' shows the jobs that there are." },
        { HELICOPTER_ERROR_JOB_EXISTS, EEXIST, "Choose another name, or stop the job that has it." },
        { HELICOPTER_ERROR_JOB_RUNNING, EBUSY, "Stop the job first." },
        { HELICOPTER_ERROR_BAD_NAME, EINVAL,
                "A name is 1 to 64 letters, digits, '_', '.' and '-', and begins with a letter or a digit." },
        { HELICOPTER_ERROR_BAD_COMMAND, EINVAL,
                "Give a command that is neither empty nor longer than a process may be given." },
        { HELICOPTER_ERROR_BAD_DIRECTORY, ENOTDIR,
                "Choose a folder that exists and that you may enter, as an absolute path." },
        { HELICOPTER_ERROR_BAD_OPTION, EINVAL,
                "Give it a value that it takes, or leave it out; a newer daemon may know more." },
        { HELICOPTER_ERROR_BAD_SIGNAL, EINVAL,
                "Use a signal that 'kill -l' lists, and send it to 'main' or to 'all'." },
        { HELICOPTER_ERROR_COMMAND_NOT_FOUND, ENOENT,
                "Check the spelling, the folder and the PATH that the job starts with." },
        { HELICOPTER_ERROR_NOT_EXECUTABLE, EACCES, "Check the file's permissions and its first line." },
        { HELICOPTER_ERROR_LAUNCH_FAILED, EIO, "'journalctl --user -u helicopterd' says more." },
        { HELICOPTER_ERROR_NOT_RESTARTABLE, EOPNOTSUPP,
                "Stop it if it runs, and start it with 'helicopter-client run', or as it was started before." },
        { HELICOPTER_ERROR_CANCELLED, ECANCELED, "'helicopter-client status' shows what has become of the job." },
        { HELICOPTER_ERROR_LIMIT_REACHED, E2BIG, "Stop or forget jobs that are not needed, and try again." },
        { HELICOPTER_ERROR_TARGET_GONE, ESRCH, "Start the job again to debug it." },
        { HELICOPTER_ERROR_NOT_IN_JOB, ESRCH, "'helicopter-client ps' lists the processes that the job has." },
        { HELICOPTER_ERROR_TRACER_BUSY, EBUSY, "End that session first, or take over with --force." },
        { HELICOPTER_ERROR_PTRACE_DISABLED, EPERM,
                "kernel.yama.ptrace_scope 2 and 3 keep every user from tracing; ask the administrator for 1." },
        { HELICOPTER_ERROR_NOT_PERMITTED, EPERM,
                "'helicopter-client status' shows the job's grant policy; 'cat /proc/PID/status' and the kernel's log "
                "what "
                "else protects the process." },
        { HELICOPTER_ERROR_SECCOMP_FILTERED, EACCES,
                "The job filters its own system calls, and might be killed for one that is made in it. 'attach "
                "--no-grant' "
                "makes none; --via=remote-exec has the job's Python make it, which that filter must allow." },
        { HELICOPTER_ERROR_UNSUPPORTED_TARGET, EOPNOTSUPP,
                "Run the job with a Python that helicopter supports: 3.14 or 3.15, native, on x86-64, outside of "
                "containers within the job." },
        { HELICOPTER_ERROR_NOT_PYTHON, ENOEXEC, "Name the Python process with --pid when the job is a launcher." },
        { HELICOPTER_ERROR_PYTHON_TOO_OLD, EOPNOTSUPP, "Start the job with Python 3.14 or newer to debug it." },
        { HELICOPTER_ERROR_REMOTE_DEBUG_DISABLED, EACCES,
                "Start the job without PYTHON_DISABLE_REMOTE_DEBUG and -X disable-remote-debug, with a Python built "
                "for it." },
        { HELICOPTER_ERROR_SCRIPT_PENDING, EBUSY,
                "Wait until the process has run that one, or end whoever queued it." },
        { HELICOPTER_ERROR_NO_SCRIPT, ENOENT,
                "The script was run or withdrawn meanwhile; queue it again where it is still wanted." },
        { HELICOPTER_ERROR_BLOCKED, EAGAIN,
                "'helicopter-client stack' shows what every thread is doing; a call into a library may be interrupted "
                "with --wake=force, if that library can stand it." },
        { HELICOPTER_ERROR_PARENT_TOO_OLD, EPROTONOSUPPORT,
                "Start the job again when that suits; it then gets the helicopter-parent that is installed now." },
        { HELICOPTER_ERROR_PARENT_LOST, EHOSTDOWN,
                "The job's helicopter-parent may be stopped ('fg' or 'kill -CONT' it) or gone." },
        { HELICOPTER_ERROR_TIMEOUT, ETIMEDOUT, "Try again; 'helicopter-client status' shows what the job is doing." },
};

static sd_bus_error_map map[G_N_ELEMENTS(table) + 1];

void error_register(void) {
        for (size_t i = 0; i < G_N_ELEMENTS(table); i++)
                map[i] = (sd_bus_error_map) SD_BUS_ERROR_MAP(table[i].name, table[i].error);
        map[G_N_ELEMENTS(table)] = (sd_bus_error_map) SD_BUS_ERROR_MAP_END;

        sd_bus_error_add_map(map);
}

const char *error_remedy(const char *name) {
        for (size_t i = 0; i < G_N_ELEMENTS(table); i++)
                if (strcmp(table[i].name, name) == 0)
                        return table[i].remedy;
        return NULL;
}
