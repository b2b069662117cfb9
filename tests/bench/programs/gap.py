# SPDX-License-Identifier: LGPL-2.1-or-later
"""A file that two processes share: a job that sees gaps, and who wants to know of them. Its words: the longest gap that was seen, in
nanoseconds; what is asked of the job, which puts back NOTHING when it has come to it; how many scripts the job has run; and the longest time
between two looks, where there are looks."""

import mmap
import os
import time

LONGEST, ASKED, SCRIPTS, LOOK = range(4)
NOTHING, RESET, ANSWER = range(3)
SIZE = 32

# Above what the longest gap may be.
SECONDS = 60


def create(path):
    """The words, in a file that appears when it is complete."""
    with open(path + ".new", "w+b") as file:
        file.truncate(SIZE)
        words = memoryview(mmap.mmap(file.fileno(), SIZE)).cast("Q")
    os.rename(path + ".new", path)
    return words


def answer(words):
    """The job's side: do what is asked. True: it is to begin anew."""
    anew = words[ASKED] == RESET
    if anew:
        words[LONGEST] = words[LOOK] = 0
    words[ASKED] = NOTHING
    return anew


class Gap:
    """The side of who wants to know."""

    def __init__(self, path):
        with open(path, "r+b") as file:
            self._words = memoryview(mmap.mmap(file.fileno(), SIZE)).cast("Q")

    def _ask(self, what):
        """Returns when the job has gone on, and has come to it."""
        deadline = time.monotonic() + SECONDS
        self._words[ASKED] = what
        while self._words[ASKED] != NOTHING:
            if time.monotonic() > deadline:
                raise AssertionError(f"the job has not gone on within {SECONDS} s")
            os.sched_yield()

    def reset(self):
        """Begin anew."""
        self._ask(RESET)

    def longest(self):
        """(the longest gap, the longest time between two looks), in milliseconds, since reset(). One that has not ended is waited for."""
        self._ask(ANSWER)
        return self._words[LONGEST] / 1e6, self._words[LOOK] / 1e6

    def scripts(self):
        """How many scripts the job has run."""
        return self._words[SCRIPTS]
