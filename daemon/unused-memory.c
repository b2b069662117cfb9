/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "daemon/unused-memory.h"

#include <glib.h>
#include <malloc.h>
#include <time.h>

#include "helicopter/log.h"

#define DELAY G_USEC_PER_SEC

void unused_memory_init(void) {
        mallopt(M_MMAP_THRESHOLD, 128 << 10);
}

static int on_time(sd_event_source *source, uint64_t usec, void *userdata) {
        sd_event_source **timer = userdata;

        *timer = sd_event_source_disable_unref(*timer);
        malloc_trim(0);
        return 0;
}

void unused_memory_return(sd_event *event, sd_event_source **timer) {
        int r;

        if (*timer)
                return;
        r = sd_event_add_time_relative(event, timer, CLOCK_MONOTONIC, DELAY, 0, on_time, timer);
        if (r < 0)
                log_debug("Memory that is not used is kept: %s.", g_strerror(-r));
}
