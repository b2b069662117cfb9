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
        malloc_trim(0);
        return 0;
}

static int set(sd_event *event, sd_event_source **source) {
        int enabled = SD_EVENT_OFF, r;

        if (!*source)
                return sd_event_add_time_relative(event, source, CLOCK_MONOTONIC, DELAY, 0, on_time, NULL);
        r = sd_event_source_get_enabled(*source, &enabled);
        if (r != 0) /* it is on its way already */
                return r;
        r = sd_event_source_set_time_relative(*source, DELAY);
        return r < 0 ? r : sd_event_source_set_enabled(*source, SD_EVENT_ONESHOT);
}

void unused_memory_return(sd_event *event, sd_event_source **source) {
        int r = set(event, source);

        if (r < 0)
                log_debug("Memory that is not used is kept: %s.", g_strerror(-r));
}
