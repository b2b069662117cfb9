# SPDX-License-Identifier: LGPL-2.1-or-later
"""How often a process wakes."""

import os

from support import process


def waits(pid):
    """{thread: how often it has waited for something, by now}."""
    return {int(tid): int(process.status(f"{pid}/task/{tid}")["voluntary_ctxt_switches"]) for tid in os.listdir(f"/proc/{pid}/task")}


def waits_between(before, after):
    """How often all threads have waited between two waits(). To come or to go is to have woken, too."""
    return sum(count - before.get(tid, -1) for tid, count in after.items()) + len(before.keys() - after.keys())
