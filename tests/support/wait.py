# SPDX-License-Identifier: LGPL-2.1-or-later
"""Waiting, always with a deadline. An emulated machine may be 20 times slower than a real one: deadlines are generous, and tests
assert on what happens and in which order, not on how long it took."""

import os
import subprocess
import time

from support import errors

SECONDS = int(os.environ.get("HELICOPTER_TEST_SECONDS", "15"))
PAUSE = SECONDS / 750  # between two looks: where all takes longer, looks do, too, and are at the expense of what is waited for


def until(condition, what, seconds=SECONDS):
    """Call condition() until its result is true, and return that; fail with `what` after the deadline."""
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what() if callable(what) else what}")
        time.sleep(PAUSE)
    return result


def content(path, what, seconds=SECONDS):
    """Wait until a file has something in it; return that, without blanks around it."""
    return until(lambda: path.exists() and path.read_text().strip(), what, seconds)


def run(*command, check=True, timeout=SECONDS, **more):
    """Run a command; return its CompletedProcess, with stdout and stderr as text."""
    more = {"stdin": subprocess.DEVNULL, "text": True} | more
    if "stdout" not in more:
        more |= {"stdout": subprocess.PIPE, "stderr": more.get("stderr", subprocess.PIPE)}
    done = subprocess.run([str(word) for word in command], timeout=timeout, check=False, **more)
    errors.observed.write(f"\n{done.stderr or ''}")
    if check:
        assert done.returncode == 0, f"{command} ended with {done.returncode}\nstdout: {done.stdout}\nstderr: {done.stderr}"
    return done
