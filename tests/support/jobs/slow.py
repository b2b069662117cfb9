# SPDX-License-Identifier: LGPL-2.1-or-later
"""slow.py FOLDER: go on until it is told to end; then end, with 3, when FOLDER has a file "go". FOLDER/began gets a line with its pid, FOLDER/asked
an "x" for each time that it is told."""

import os
import signal
import sys
import time

folder = sys.argv[1]


def end(*_):
    with open(folder + "/asked", "a", encoding="ascii") as asked:
        asked.write("x")
    while not os.path.exists(folder + "/go"):
        time.sleep(0.02)
    sys.exit(3)


signal.signal(signal.SIGTERM, end)
with open(folder + "/began", "a", encoding="ascii") as began:
    began.write(f"{os.getpid()}\n")
while True:
    time.sleep(0.02)
