/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* doctor: the kernel, and what this process may do there. */

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/doctor.h"
#include "helicopter/process.h"
#include "helicopter/yama.h"

void doctor_kernel(DoctorResult *result) {
        struct utsname name;

        if (uname(&name) < 0)
                doctor_found(result, DOCTOR_PROBLEM, NULL, "uname: %s", g_strerror(errno));
        else if (!g_str_equal(name.machine, "x86_64"))
                doctor_found(result, DOCTOR_PROBLEM, "Debug on x86-64; jobs run here, too, but are not attached to",
                        "%s %s on %s, which is not supported", name.sysname, name.release, name.machine);
        else
                doctor_found(result, DOCTOR_OK, NULL, "%s %s on %s", name.sysname, name.release, name.machine);
}

void doctor_yama(DoctorResult *result) {
        int scope = yama_ptrace_scope();

        if (scope < 0)
                doctor_found(result, DOCTOR_OK, NULL, "The kernel has no Yama; nothing has to be permitted");
        else if (scope == 0)
                doctor_found(result, DOCTOR_OK, NULL, "ptrace_scope is 0; nothing has to be permitted");
        else if (scope == 1)
                doctor_found(result, DOCTOR_OK, NULL, "ptrace_scope is 1; a job's parent permits its debugger");
        else if (scope == 2)
                doctor_found(result, DOCTOR_PROBLEM, "Ask the administrator for kernel.yama.ptrace_scope = 1",
                        "ptrace_scope is 2: only the administrator may debug");
        else
                doctor_found(result, DOCTOR_PROBLEM,
                        "Ask the administrator to boot with kernel.yama.ptrace_scope = 1; 3 stays until then",
                        "ptrace_scope is %d: nobody may debug", scope);
}

static void wait_to_be_killed(void) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;)
                pause();
}

/* Whether a child can be traced, as a job's parent does. Returns 0 or a negative errno. */
static int try_to_trace(void) {
        pid_t child = fork();
        int r;

        if (child < 0)
                return -errno;
        if (child == 0)
                wait_to_be_killed();
        r = ptrace(PTRACE_SEIZE, child, NULL, NULL) < 0 ? -errno : 0;
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        return r;
}

void doctor_tracing(DoctorResult *result) {
        ProcessStatus status = { 0 };
        int r = try_to_trace();

        process_status(getpid(), &status);
        if (r < 0 && status.seccomp > 0)
                doctor_found(result, DOCTOR_PROBLEM,
                        "Have the container's seccomp profile allow ptrace, as the default ones of podman and docker "
                        "do",
                        "A process may not trace its own child (%s), and a seccomp filter is in force", g_strerror(-r));
        else if (r < 0)
                doctor_found(result, DOCTOR_PROBLEM,
                        "See what else protects processes here: ptrace_scope, SELinux (deny_ptrace), AppArmor",
                        "A process may not trace its own child: %s", g_strerror(-r));
        else if (status.seccomp > 0)
                doctor_found(
                        result, DOCTOR_OK, NULL, "A process may trace its own child, in spite of a seccomp filter");
        else
                doctor_found(result, DOCTOR_OK, NULL, "A process may trace its own child; no seccomp filter");
}

static const char *container(void) {
        if (g_getenv("SNAP"))
                return "a snap";
        if (g_file_test("/.flatpak-info", G_FILE_TEST_EXISTS))
                return "a flatpak";
        if (g_file_test("/run/.containerenv", G_FILE_TEST_EXISTS) || g_file_test("/.dockerenv", G_FILE_TEST_EXISTS) ||
                g_file_test("/run/host/container-manager", G_FILE_TEST_EXISTS) || g_getenv("container"))
                return "a container";
        return NULL;
}

void doctor_container(DoctorResult *result) {
        const char *where = container();

        if (where)
                doctor_found(result, DOCTOR_NOTE, "Run jobs and helicopter-client on the same side of it",
                        "This is %s: jobs outside of it are not to be reached", where);
        else if (g_getenv("SSH_CONNECTION") && !g_getenv("XDG_SESSION_ID"))
                doctor_found(result, DOCTOR_NOTE, "Ask for pam_systemd and 'UsePAM yes' in the SSH server's settings",
                        "This login by SSH is no session of logind: what runs in it may be ended at logout");
        else
                doctor_found(result, DOCTOR_OK, NULL, "No container, snap or flatpak around this process");
}
