# SPDX-License-Identifier: LGPL-2.1-or-later
"""Waiting for a moment in which the machine has nothing else to do."""

import time
from pathlib import Path

WINDOW = 0.1
IDLE = 0.9  # of the processors' time in that window


def processor_times(text):
    """(idle, all) of /proc/stat, since the machine's start; iowait is idle."""
    fields = [int(field) for field in text.splitlines()[0].split()[1:9]]
    return fields[3] + fields[4], sum(fields)


def is_quiet(before, after):
    """Whether the machine was idle between two processor_times()."""
    idle, total = after[0] - before[0], after[1] - before[1]
    return total > 0 and idle >= IDLE * total


class Quiet:
    """Waits before each run, and counts."""

    def __init__(self, patience):
        """patience: seconds, at most, each time."""
        self.patience = patience
        self.waited = self.disturbed = 0

    def wait(self):
        self.waited += 1
        deadline = time.monotonic() + self.patience
        before = self._times()
        while True:
            time.sleep(WINDOW)
            after = self._times()
            if is_quiet(before, after):
                return
            if time.monotonic() >= deadline:
                self.disturbed += 1
                return
            before = after

    @staticmethod
    def _times():
        return processor_times(Path("/proc/stat").read_text(encoding="ascii"))

    def text(self):
        return f"{self.waited - self.disturbed} of {self.waited} runs began while the machine was idle"
