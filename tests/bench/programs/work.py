# SPDX-License-Identifier: LGPL-2.1-or-later
"""work.py FILE computing|calling: the same work each time, in Python or in system calls. The seconds that it took, of processor time and elapsed, go to
FILE."""

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
began = time.process_time(), time.perf_counter()
work()
taken = time.process_time() - began[0], time.perf_counter() - began[1]
with open(sys.argv[1], "w", encoding="ascii") as file:
    file.write(f"{taken[0]} {taken[1]}")
