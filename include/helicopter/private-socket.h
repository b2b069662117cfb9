/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The daemon's private socket, "helicopter/bus" in the user's runtime folder: where it is, and who listens on it. The
 * folder is $XDG_RUNTIME_DIR, or /run/user/UID where that variable is missing, or /tmp/helicopter-UID where there is
 * neither.
 */

/* The socket's path, owned by the caller. */
char *private_socket_path(void);

/* The path of something else in the socket's folder, owned by the caller; name: NULL for the folder itself. */
char *private_folder_path(const char *name);

/*
 * Make the folder (0700) if needed, and see that nobody but us and root can change it or the one above it: others' files
 * must not be taken for ours, nor ours be put where others read. 0, -EPERM, or a negative errno.
 */
int private_folder_make(void);

/*
 * Listen on the socket: make its folder (0700) if needed, refuse when a live daemon answers there, take over a stale
 * one. Returns a listening CLOEXEC descriptor, -EADDRINUSE when it is served, -EPERM when the folder belongs to
 * somebody else or is open to others, or a negative errno.
 */
int private_socket_listen(const char *path);

/*
 * Connect to the socket. Returns a non-blocking CLOEXEC descriptor, -ENOENT or -ECONNREFUSED when nobody listens,
 * -EAGAIN when its queue is full for the moment, -EPERM when another user listens there, or a negative errno. Does not
 * wait.
 */
int private_socket_connect(const char *path);
