# SPDX-License-Identifier: LGPL-2.1-or-later
"""A file that two processes share: the longest gap that one has seen, in nanoseconds, and whether the other wants it to begin anew."""

import mmap
import os


def create(path):
    """The two words, in a file that appears when it is complete."""
    with open(path + ".new", "w+b") as file:
        file.truncate(16)
        words = memoryview(mmap.mmap(file.fileno(), 16)).cast("Q")
    os.rename(path + ".new", path)
    return words


class Gap:
    """The reader's side."""

    def __init__(self, path):
        with open(path, "r+b") as file:
            self._words = memoryview(mmap.mmap(file.fileno(), 16)).cast("Q")

    def reset(self):
        """Begin anew; returns when that has been seen."""
        self._words[1] = 1
        while self._words[1]:
            os.sched_yield()

    def longest(self):
        """Milliseconds, since reset(). The other side must have gone on since what is looked for."""
        return self._words[0] / 1e6
