# SPDX-License-Identifier: LGPL-2.1-or-later
"""signals.py FILE: append the name of each signal that arrives to FILE ("ready" first); SIGUSR1 ends it, with 7."""

import os
import signal
import sys

file = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


def note(number, _frame):
    os.write(file, (signal.Signals(number).name + "\n").encode())
    if number == signal.SIGUSR1:
        os._exit(7)


for caught in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2, signal.SIGCONT,
               signal.SIGWINCH):
    signal.signal(caught, note)
# A sleep would not end by a signal that comes just before it, and its handler would not be called (CPython 3.14).
come, comes = os.pipe()
os.set_blocking(comes, False)
signal.set_wakeup_fd(comes)
os.write(file, b"ready\n")
while True:
    os.read(come, 100)
