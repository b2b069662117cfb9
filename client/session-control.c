/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/session-control.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>

#include "client/client-error.h"
#include "client/job-script.h"
#include "client/report.h"
#include "helicopter/bus-names.h"

#define WORD_MAX 32

static void tell(const SessionControl *control, const char *word) {
        /* Fails when the script has gone, which its pidfd tells. */
        send(control->socket, word, strlen(word), MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* error: what the daemon says, or unset. */
static int fail(SessionControl *control, const sd_bus_error *error, int r) {
        sd_bus_error_free(&control->error);
        if (error && sd_bus_error_is_set(error))
                sd_bus_error_copy(&control->error, error);
        else
                sd_bus_error_set_errno(&control->error, r);
        client_error_translate(&control->error, r);
        close_fd(&control->guard);
        tell(control, "failed");
        return 0;
}

static void tell_taken(SessionControl *control) {
        control->taken = true;
        tell(control, control->thread ? "elsewhere" : "taken");
}

static int on_woken(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        const sd_bus_error *error = sd_bus_message_get_error(reply);
        SessionControl *control = userdata;
        int r;

        if (error)
                return fail(control, error, -EIO);
        r = job_script_read_woken(reply, &control->thread, &control->reason);
        if (r < 0)
                return fail(control, NULL, r);
        tell_taken(control);
        return 0;
}

static int on_queued(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        const sd_bus_error *error = sd_bus_message_get_error(reply);
        g_autoptr(sd_bus_message) call = NULL;
        SessionControl *control = userdata;
        uint64_t patience;
        int r;

        if (error)
                return fail(control, error, -EIO);
        if (control->stage && !control->queued)
                stage_add(control->stage, "queued");
        control->queued = true;
        tell(control, "queued");
        r = job_script_wake_call(control->watch, control->target, control->wake, control->deadline, &call, &patience);
        if (r < 0)
                return fail(control, NULL, r);
        control->call = sd_bus_slot_unref(control->call);
        r = sd_bus_call_async(control->watch->connection->bus, &control->call, call, on_woken, control, patience);
        return r < 0 ? fail(control, NULL, r) : 0;
}

static int queue(SessionControl *control, int script) {
        g_autoptr(sd_bus_message) call = NULL;
        int r;

        if (script < 0)
                return fail(control, NULL, -EBADMSG);
        control->call = sd_bus_slot_unref(control->call);
        close_fd(&control->guard);
        g_clear_pointer(&control->reason, g_free);
        r = job_script_queue_call(control->watch, control->target, script, &control->guard, &call);
        if (r < 0)
                return fail(control, NULL, r);
        r = sd_bus_call_async(control->watch->connection->bus, &control->call, call, on_queued, control, CALL_TIMEOUT);
        return r < 0 ? fail(control, NULL, r) : 0;
}

static void tell_connected(SessionControl *control) {
        control->connected = true;
        if (control->stage) {
                stage_add(control->stage, "connected");
                stage_end(control->stage);
        }
        if (control->thread)
                report_note("It is in thread %u, not the main one: %s", control->thread, control->reason ?: "");
        report_note("Type pdb commands (list, next, print, etc.) or 'quit' to detach\n");
        tell(control, "go");
}

static int take_fd(struct msghdr *message) {
        struct cmsghdr *header = CMSG_FIRSTHDR(message);
        int fd;

        if (!header || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
                return -1;
        memcpy(&fd, CMSG_DATA(header), sizeof fd);
        return fd;
}

/* The next word of the script: its length, 0 at its end, or a negative errno. *ret_fd: what came with it, or -1. */
static ssize_t receive(int socket, char word[static WORD_MAX], int *ret_fd) {
        union {
                struct cmsghdr header;
                char space[CMSG_SPACE(sizeof(int))];
        } control;
        struct iovec buffer = { .iov_base = word, .iov_len = WORD_MAX - 1 };
        struct msghdr message = {
                .msg_iov = &buffer,
                .msg_iovlen = 1,
                .msg_control = &control,
                .msg_controllen = sizeof control,
        };
        ssize_t size = recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);

        if (size < 0)
                return -errno;
        word[size] = '\0';
        *ret_fd = take_fd(&message);
        return size;
}

static int on_word(sd_event_source *source, int fd, uint32_t events, void *userdata) {
        SessionControl *control = userdata;
        char word[WORD_MAX];
        autofd script = -1;
        ssize_t size = receive(fd, word, &script);

        if (size == -EAGAIN || size == -EINTR)
                return 0;
        if (size <= 0) {
                sd_event_source_set_enabled(source, SD_EVENT_OFF);
                return 0;
        }
        if (strcmp(word, "exec") == 0)
                return queue(control, script);
        if (strcmp(word, "connected") == 0)
                tell_connected(control);
        return 0;
}

int session_control_open(SessionControl *control, int *ret_socket) {
        int fds[2];

        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
                return -errno;
        control->socket = fds[0];
        *ret_socket = fds[1];
        return 0;
}

int session_control_serve(SessionControl *control, sd_event *event) {
        return sd_event_add_io(event, NULL, control->socket, EPOLLIN, on_word, control);
}

void session_control_clear(SessionControl *control) {
        control->call = sd_bus_slot_unref(control->call);
        close_fd(&control->guard);
        close_fd(&control->socket);
        sd_bus_error_free(&control->error);
        g_clear_pointer(&control->reason, g_free);
}
