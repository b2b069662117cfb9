/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "raw-peer.h"

#include "test.h"

#include <glib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void raw_peer_send(int fd, const void *data, size_t size) {
        assert_int_equal(write(fd, data, size), (ssize_t) size);
}

void raw_peer_send_with(int fd, const void *data, size_t size, int descriptor) {
        union {
                char data[CMSG_SPACE(sizeof(int))];
                struct cmsghdr header;
        } control = { "" };
        struct iovec part = { (void *) data, size };
        struct msghdr message = {
                .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control
        };

        control.header = (struct cmsghdr) { CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS };
        memcpy(CMSG_DATA(&control.header), &descriptor, sizeof descriptor);
        assert_int_equal(sendmsg(fd, &message, 0), (ssize_t) size);
}

/* The D-Bus specification's "EXTERNAL": the number's digits as hexadecimal ASCII. */
char *raw_peer_first_line(uid_t uid) {
        g_autofree char *digits = g_strdup_printf("%u", uid);
        GString *text = g_string_new("AUTH EXTERNAL ");

        for (const char *c = digits; *c; c++)
                g_string_append_printf(text, "%02x", (unsigned) *c);
        g_string_append(text, "\r\n");
        return g_string_free(text, FALSE);
}

void raw_peer_begin(int fd, uid_t uid) {
        g_autofree char *line = raw_peer_first_line(uid);

        raw_peer_send(fd, "", 1);
        raw_peer_send(fd, line, strlen(line));
}
