# SPDX-License-Identifier: LGPL-2.1-or-later
"""stopped.py READY: sleep for long, while another thread looks at the sleeping one, without a pause. READY is a gap.py file, of the time for
which that was stopped by a tracer: from the last look before to the first one after it, so rather too long. A stop between two looks is not
seen; how long they lie apart is noted, too."""

import gc
import os
import sys
import threading
import time

import gap


class Watch:
    """What was seen in a row of looks."""

    def __init__(self, words, now):
        self._words, self._running, self._was_stopped = words, now, False

    def look(self, stopped, now):
        """The thread was seen to be stopped, or not; at that time."""
        words = self._words
        if not stopped:
            which = gap.LONGEST if self._was_stopped else gap.LOOK
            words[which] = max(words[which], now - self._running)
            self._running = now
        self._was_stopped = stopped
        if words[gap.ASKED] and not stopped:
            gap.answer(words)


def watch(words, stat, clock=time.perf_counter_ns):
    watch = Watch(words, clock())
    while True:
        watch.look(b") t " in os.pread(stat, 256, 0), clock())


if __name__ == "__main__":
    gc.disable()
    words = gap.create(sys.argv[1])
    stat = os.open(f"/proc/self/task/{threading.get_native_id()}/stat", os.O_RDONLY)
    threading.Thread(target=watch, args=(words, stat), daemon=True).start()
    time.sleep(1000)
