# SPDX-License-Identifier: LGPL-2.1-or-later
"""blocked_thread.py KIND FILE: the main thread waits in a way that takes long; FILE is written when it is about to.

sleep: time.sleep. lock: a lock, and no other thread. lock-sleep: a lock, while another thread sleeps. lock-busy: a lock, while another
thread computes. pause: signal.pause.
"""

import signal
import sys
import threading
import time

KIND = sys.argv[1]


def helper():
    if KIND == "lock-sleep":
        time.sleep(1000)
    count = 0
    while True:
        count += 1


def main():
    local = 42  # for the debugger to find
    if KIND in ("lock-sleep", "lock-busy"):
        threading.Thread(target=helper, daemon=True).start()
    with open(sys.argv[2], "w", encoding="ascii") as file:
        file.write("about to wait\n")
    if KIND == "sleep":
        time.sleep(1000)
    elif KIND == "pause":
        signal.pause()
    else:
        lock = threading.Lock()
        lock.acquire()
        lock.acquire()
    return local


main()
