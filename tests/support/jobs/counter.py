# SPDX-License-Identifier: LGPL-2.1-or-later
"""counter.py FILE: count, for good; the number is in FILE, so that it can be seen to go on."""

import os
import sys
import time


def work(file):
    counter = 0
    while True:
        counter += 1
        os.pwrite(file, b"%12d" % counter, 0)
        time.sleep(0.05)


work(os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT, 0o600))
