/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* doctor: what the user's session offers. None of it is needed, but for a runtime folder of one's own. */

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <systemd/sd-journal.h>

#include "client/doctor.h"
#include "client/linger.h"
#include "helicopter/cleanup.h"
#include "helicopter/private-socket.h"
#include "helicopter/user-bus-address.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(sd_journal, sd_journal_close)

/* Whether somebody listens there: 0 or a negative errno. */
static int try_to_connect(const char *path) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        autofd fd = -1;

        if (g_strlcpy(address.sun_path, path, sizeof address.sun_path) >= sizeof address.sun_path)
                return -ENAMETOOLONG;
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0)
                return -errno;
        /* EAGAIN: it listens, and its queue is full. */
        return connect(fd, (const struct sockaddr *) &address, sizeof address) == 0 || errno == EAGAIN ? 0 : -errno;
}

/* The folder that holds the socket's folder. Owned by the caller. */
static char *runtime_folder(void) {
        g_autofree char *folder = private_folder_path(NULL);

        return g_path_get_dirname(folder);
}

static bool has_manager(void) {
        g_autofree char *folder = runtime_folder();
        g_autofree char *path = g_build_filename(folder, "systemd", "private", NULL);

        return try_to_connect(path) == 0;
}

void doctor_manager(DoctorResult *result) {
        if (has_manager())
                doctor_found(result, DOCTOR_OK, NULL, "The user's systemd runs; jobs are units of it");
        else
                doctor_found(result, DOCTOR_NOTE,
                        "Log in as this user itself, not by su or sudo; in a container nothing is to be done",
                        "No systemd of the user: jobs run below the daemon, without resource limits");
}

void doctor_bus(DoctorResult *result) {
        g_autofree char *address = user_bus_address();
        g_autofree char *path = NULL;
        int r;

        if (!g_str_has_prefix(address, "unix:path=")) {
                doctor_found(result, DOCTOR_OK, NULL, "The user bus is %s", address);
                return;
        }
        path = g_strndup(address + strlen("unix:path="), strcspn(address + strlen("unix:path="), ",;"));
        r = try_to_connect(path);
        if (r < 0)
                doctor_found(result, DOCTOR_NOTE, NULL,
                        "No user bus at %s (%s): the daemon is reached by its own socket", path, g_strerror(-r));
        else
                doctor_found(result, DOCTOR_OK, NULL, "The user bus is at %s", path);
}

void doctor_linger(DoctorResult *result) {
        int r = linger_is_on();

        if (r == 0 && has_manager())
                doctor_found(result, DOCTOR_NOTE, "'" LINGER_REMEDY "' lets them go on",
                        "Lingering is off: jobs end at logout");
        else if (r > 0)
                doctor_found(result, DOCTOR_OK, NULL, "Lingering is on: jobs go on at logout");
        else
                doctor_found(result, DOCTOR_OK, NULL, "No service manager ends jobs at logout");
}

void doctor_runtime(DoctorResult *result) {
        const char *variable = g_getenv("XDG_RUNTIME_DIR");
        g_autofree char *folder = runtime_folder();
        struct stat status;

        if (stat(folder, &status) < 0)
                doctor_found(result, DOCTOR_PROBLEM, "Unset XDG_RUNTIME_DIR, or have it name a folder of your own",
                        "Runtime folder %s: %s", folder, g_strerror(errno));
        else if (variable && (status.st_uid != geteuid() || status.st_mode & (S_IWGRP | S_IWOTH)))
                doctor_found(result, DOCTOR_PROBLEM, "Unset XDG_RUNTIME_DIR, or have it name a folder of your own",
                        "Runtime folder %s belongs to somebody else, or is open to others", folder);
        else if (!variable)
                doctor_found(result, DOCTOR_OK, NULL, "XDG_RUNTIME_DIR is not set; %s is used", folder);
        else
                doctor_found(result, DOCTOR_OK, NULL, "Runtime folder %s", folder);
}

void doctor_socket(DoctorResult *result) {
        g_autofree char *path = private_socket_path();
        autofd fd = private_socket_connect(path);

        if (fd >= 0 || fd == -EAGAIN)
                doctor_found(result, DOCTOR_OK, NULL, "Somebody listens on %s", path);
        else if (fd == -ENOENT || fd == -ECONNREFUSED)
                doctor_found(result, DOCTOR_OK, NULL,
                        "Nobody listens on %s yet; the daemon is started when it is needed", path);
        else
                doctor_found(result, DOCTOR_PROBLEM, "See who owns that folder, and whether XDG_RUNTIME_DIR is yours",
                        "Socket %s: %s", path, g_strerror(-fd));
}

/* Whether an entry of the user's own can be read: 1 or 0, or a negative errno. */
static int try_to_read_journal(void) {
        g_autofree char *match = g_strdup_printf("_UID=%u", geteuid());
        g_autoptr(sd_journal) journal = NULL;
        int r;

        r = sd_journal_open(&journal, SD_JOURNAL_LOCAL_ONLY);
        if (r < 0)
                return r;
        r = sd_journal_add_match(journal, match, 0);
        if (r < 0)
                return r;
        r = sd_journal_seek_tail(journal);
        return r < 0 ? r : sd_journal_previous(journal);
}

void doctor_journal(DoctorResult *result) {
        int r = try_to_read_journal();

        if (!has_manager())
                doctor_found(result, DOCTOR_OK, NULL, "Not needed: what jobs write goes to files");
        else if (r > 0)
                doctor_found(result, DOCTOR_OK, NULL, "The journal has entries of yours, and they can be read");
        else
                doctor_found(result, DOCTOR_NOTE,
                        "Ask for Storage=persistent in journald.conf, or for the group systemd-journal; or have jobs "
                        "write "
                        "to a file: run -p StandardOutput=append:PATH",
                        "The journal shows no entry of yours%s%s", r < 0 ? ": " : "", r < 0 ? g_strerror(-r) : "");
}
