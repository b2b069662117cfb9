# SPDX-License-Identifier: LGPL-2.1-or-later
"""stopped.py READY: sleep for long, while another thread watches the sleeping one. READY is a gap.py file, of the time for which that was
stopped by a tracer: from the last look before a stop to the first one after it."""

import gc
import os
import sys
import threading
import time

import gap


def watch(words, stat, clock=time.perf_counter_ns):
    longest, last = 0, clock()
    while True:
        stopped = b") t " in os.pread(stat, 256, 0)
        now = clock()
        if stopped:
            if now - last > longest:
                longest = words[0] = now - last
        else:
            last = now
        if words[1]:
            longest = words[0] = 0
            words[1] = 0


gc.disable()
stat = os.open(f"/proc/self/task/{threading.get_native_id()}/stat", os.O_RDONLY)
threading.Thread(target=watch, args=(gap.create(sys.argv[1]), stat), daemon=True).start()
time.sleep(1000)
