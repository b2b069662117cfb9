# SPDX-License-Identifier: LGPL-2.1-or-later
"""signals.py FILE: append the name of each signal that arrives to FILE ("ready" first); SIGUSR1 ends it, with 7."""

import os
import signal
import sys
import time

file = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


def note(number, _frame):
    os.write(file, (signal.Signals(number).name + "\n").encode())
    if number == signal.SIGUSR1:
        os._exit(7)


for caught in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2, signal.SIGCONT,
               signal.SIGWINCH):
    signal.signal(caught, note)
os.write(file, b"ready\n")
while True:
    time.sleep(1000)
