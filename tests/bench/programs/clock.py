# SPDX-License-Identifier: LGPL-2.1-or-later
"""clock.py READY: read the clock without a pause. READY is a gap.py file, of the time between two readings."""

import gc
import sys
import time

import gap


def read(words, clock=time.perf_counter_ns):
    longest, last = 0, clock()
    while True:
        now = clock()
        if now - last > longest:
            longest = words[0] = now - last
        last = now
        if words[1]:
            if gap.answer(words):
                longest = 0
            last = clock()


gc.disable()
words = gap.create(sys.argv[1])
read(words)
