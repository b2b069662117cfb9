/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "helicopter/private-socket.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <stdbool.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "helicopter/cleanup.h"

/* As many as the kernel allows by default (net.core.somaxconn): after a restart of the daemon all parents come at once.
 */
#define BACKLOG 4096

static char *runtime_folder(void) {
        const char *variable = g_getenv("XDG_RUNTIME_DIR");
        g_autofree char *systemd = NULL;

        if (variable && g_path_is_absolute(variable))
                return g_strdup(variable);
        systemd = g_strdup_printf("/run/user/%u", getuid());
        if (access(systemd, W_OK) == 0)
                return g_steal_pointer(&systemd);
        return g_strdup_printf("/tmp/helicopter-%u", getuid());
}

char *private_folder_path(const char *name) {
        g_autofree char *folder = runtime_folder();

        return g_build_filename(folder, "helicopter", name, NULL);
}

char *private_socket_path(void) {
        return private_folder_path("bus");
}

/* Open a folder that nobody but us (and root) can change. */
static int open_own_folder(const char *path) {
        autofd fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        struct stat status;

        if (fd < 0)
                return -errno;
        if (fstat(fd, &status) < 0)
                return -errno;
        if ((status.st_uid != geteuid() && status.st_uid != 0) || (status.st_mode & 0022) != 0)
                return -EPERM;
        return g_steal_fd(&fd);
}

/* Open the socket's folder, made if needed. The one above it counts too: its owner could put another in the place. */
static int open_socket_folder(const char *path) {
        g_autofree char *above = g_path_get_dirname(path);
        autofd above_fd = -1;

        if (g_mkdir_with_parents(path, 0700) < 0)
                return -errno;
        above_fd = open_own_folder(above);
        return above_fd < 0 ? above_fd : open_own_folder(path);
}

int private_folder_make(void) {
        g_autofree char *path = private_folder_path(NULL);
        autofd fd = open_socket_folder(path);

        return fd < 0 ? fd : 0;
}

static int set_address(struct sockaddr_un *address, const char *path) {
        *address = (struct sockaddr_un) { .sun_family = AF_UNIX };
        if (g_strlcpy(address->sun_path, path, sizeof address->sun_path) >= sizeof address->sun_path)
                return -ENAMETOOLONG;
        return 0;
}

static int connect_to(const struct sockaddr_un *address) {
        autofd fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        if (fd < 0)
                return -errno;
        if (connect(fd, (const struct sockaddr *) address, sizeof *address) < 0)
                return -errno;
        return g_steal_fd(&fd);
}

int private_socket_connect(const char *path) {
        struct sockaddr_un address;
        struct ucred peer;
        socklen_t size = sizeof peer;
        autofd fd = -1;
        int r;

        r = set_address(&address, path);
        if (r < 0)
                return r;
        fd = connect_to(&address);
        if (fd < 0)
                return fd;
        if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
                return -errno;
        return peer.uid == geteuid() ? g_steal_fd(&fd) : -EPERM;
}

/* Whether somebody listens there. */
static int is_served(const struct sockaddr_un *address) {
        autofd fd = connect_to(address);

        if (fd >= 0 || fd == -EAGAIN)
                return true; /* EAGAIN: its queue is full, so it has one */
        return fd == -ENOENT || fd == -ECONNREFUSED ? false : fd;
}

static int bind_and_listen(const struct sockaddr_un *address) {
        autofd fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        if (fd < 0)
                return -errno;
        /* The mode of the descriptor is what the file gets: no moment in which others could connect. */
        if (fchmod(fd, 0600) < 0)
                return -errno;
        if (bind(fd, (const struct sockaddr *) address, sizeof *address) < 0)
                return -errno;
        if (listen(fd, BACKLOG) < 0)
                return -errno;
        return g_steal_fd(&fd);
}

int private_socket_listen(const char *path) {
        struct sockaddr_un address;
        g_autofree char *folder = g_path_get_dirname(path);
        autofd folder_fd = -1;
        int r;

        r = set_address(&address, path);
        if (r < 0)
                return r;
        folder_fd = open_socket_folder(folder);
        if (folder_fd < 0)
                return folder_fd;
        /* Of two that take over a stale socket at once, the second must find the first one's, not remove it. */
        if (flock(folder_fd, LOCK_EX) < 0)
                return -errno;

        r = is_served(&address);
        if (r < 0)
                return r;
        if (r > 0)
                return -EADDRINUSE;
        if (g_unlink(path) < 0 && errno != ENOENT)
                return -errno;
        return bind_and_listen(&address);
}
