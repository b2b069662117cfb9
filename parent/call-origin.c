/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "parent/call-origin.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "helicopter/cleanup.h"

struct CallOrigin {
        ThreadCall call;
        CallOriginFound found; /* NULL: nobody listens yet */
        void *userdata;
        sd_event *event; /* not owned */
        int fd;          /* helicopter-unwind's output */
        sd_event_source *source;
        GString *output; /* what it has said so far */
        bool whole;      /* that is all */
};

CallOrigin *call_origin_free(CallOrigin *origin) {
        if (!origin)
                return NULL;
        sd_event_source_disable_unref(origin->source);
        close_fd(&origin->fd);
        g_string_free(origin->output, TRUE);
        g_free(origin);
        return NULL;
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CallOrigin, call_origin_free)

static void judge(CallOrigin *origin) {
        g_autofree char *caller = NULL;
        int r = wake_origin_parse(origin->output->str, &origin->call, &caller);

        origin->found(r > 0, caller, origin->userdata);
}

static int on_listen(sd_event_source *source, void *userdata) {
        judge(userdata);
        return 0;
}

static int on_output(sd_event_source *source, int fd, uint32_t events, void *userdata) {
        CallOrigin *origin = userdata;
        char buffer[4096];
        ssize_t n = read(fd, buffer, sizeof buffer);

        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return 0;
        if (n > 0 && origin->output->len + (size_t) n <= WAKE_ORIGIN_MAX) {
                g_string_append_len(origin->output, buffer, n);
                return 0;
        }
        origin->source = sd_event_source_disable_unref(origin->source);
        origin->whole = true;
        if (origin->found)
                judge(origin);
        return 0;
}

int call_origin_find(
        Supervisor *supervisor, const WakeSnapshot *snapshot, const ThreadCall *call, CallOrigin **ret_origin) {
        g_autoptr(CallOrigin) origin = g_new(CallOrigin, 1);
        pid_t unwinder;
        int r;

        *origin = (CallOrigin) { .call = *call, .event = supervisor->event, .fd = -1, .output = g_string_new(NULL) };
        r = wake_origin_start(snapshot, &unwinder, &origin->fd);
        if (r < 0)
                return r;
        supervisor_add_helper(supervisor, unwinder);
        r = sd_event_add_io(supervisor->event, &origin->source, origin->fd, EPOLLIN, on_output, origin);
        if (r < 0)
                return r;
        *ret_origin = g_steal_pointer(&origin);
        return 0;
}

bool call_origin_is_found(const CallOrigin *origin) {
        return origin->whole;
}

int call_origin_listen(CallOrigin *origin, CallOriginFound found, void *userdata) {
        origin->found = found;
        origin->userdata = userdata;
        return origin->whole ? sd_event_add_defer(origin->event, &origin->source, on_listen, origin) : 0;
}
