/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What was freed, and the allocator keeps: after many connections or jobs that is megabytes, between what is still used
 * (malloc_trim(3)).
 */

#include <systemd/sd-event.h>

/*
 * Blocks of 128 KiB and more are to be given back when they are freed. Left to itself the allocator changes its mind after the first
 * of them, and sd-bus asks for 256 KiB for each connection, where of these a page is used: they would lie between all that
 * is small. To be called before anything is allocated in earnest.
 */
void unused_memory_init(void);

/*
 * Have it given back to the kernel in a second, with all that is freed until then. *timer: NULL, or on its way since an earlier
 * call; it has to stay where it is, and is the caller's to end.
 */
void unused_memory_return(sd_event *event, sd_event_source **timer);
