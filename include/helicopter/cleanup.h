/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Automatic clean-up, in the way of GLib's g_autoptr(), for the types of sd-bus and sd-event and for file descriptors.
 */

#include <errno.h>
#include <glib.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>
#include <unistd.h>

/* Not flushed: that would wait, without an end, for a peer that does not read or has not said who it is. */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(sd_bus, sd_bus_close_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(sd_bus_message, sd_bus_message_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(sd_bus_slot, sd_bus_slot_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(sd_event, sd_event_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(sd_event_source, sd_event_source_disable_unref)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(sd_bus_error, sd_bus_error_free)

/* Close *fd unless it is negative, leave -1 there, and keep errno. */
static inline void close_fd(int *fd) {
        int saved = errno;

        if (*fd >= 0)
                close(*fd);
        *fd = -1;
        errno = saved;
}

/* A descriptor that is closed when it goes out of scope; hand it over with g_steal_fd(). */
#define autofd __attribute__((cleanup(close_fd))) int
