/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Ask for a short time slice, for the calling thread and for those, and the processes, that it starts from then on. A thread with one gets
 * a processor sooner when it wakes, also where others have it to themselves, and no larger share of it (sched_setattr(2); since Linux 6.12, before nothing
 * changes). For a process whose waiting others wait for: without it, it may be the next tick of the clock, 4 ms away, that lets it go on.
 */
void time_slice_shorten(void);
