# SPDX-License-Identifier: LGPL-2.1-or-later
"""threads.py FILE: a main thread that waits for a lock for good, and a worker that counts in FILE as counter.py does."""

import os
import sys
import threading
import time


def work(file):
    counter = 0
    while True:
        counter += 1
        os.pwrite(file, b"%12d" % counter, 0)
        time.sleep(0.05)


worker = threading.Thread(target=work, args=[os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT, 0o600)])
worker.start()
worker.join()
