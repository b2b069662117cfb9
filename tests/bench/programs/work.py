# SPDX-License-Identifier: LGPL-2.1-or-later
"""work.py FILE computing|calling: the same work each time, in Python or in system calls; the seconds of processor time that it took go to FILE."""

import os
import sys
import time


def computing():
    number = 1
    for _ in range(1_500_000):
        number = number * 1103515245 + 12345 & 0x7FFFFFFF


def calling():
    for _ in range(300_000):
        os.getppid()
        os.stat("/")


work = {"computing": computing, "calling": calling}[sys.argv[2]]
began = time.process_time()
work()
taken = time.process_time() - began
with open(sys.argv[1], "w", encoding="ascii") as file:
    file.write(str(taken))
