# SPDX-License-Identifier: LGPL-2.1-or-later
"""From the command to the first prompt."""

from contextlib import contextmanager

from bench.sample import Bound, figure
from bench.terminal import time_to_prompt


def attach_twice(place, kind, command):
    """The first attach to a process, in which it imports pdb, and a second one."""
    return {f"{kind}, {which}": time_to_prompt(command, place.env, place.session.folder) for which in ("first", "again")}


@figure("attach", "attach: from the command to the first (Pdb)", "ms",
        Bound("helicopter, first", 0.75, "pdb -p, first"), Bound("helicopter, again", 0.75, "pdb -p, again"),
        Bound("asleep, first", 1.1, "helicopter, first"), Bound("asleep, again", 1.1, "helicopter, again"),
        note="A job that computes; asleep: one in time.sleep(1000), where pdb -p has no prompt. again: it has imported pdb before.")
@contextmanager
def attach(place):
    def helicopter(kind, program):
        with place.job(program) as name:
            return attach_twice(place, kind, [place.client, "attach", name])

    def plain():
        with place.peers_permitted(), place.process("busy.py") as process:
            return attach_twice(place, "pdb -p", [place.python, "-m", "pdb", "-p", process.pid])

    yield lambda: helicopter("helicopter", "busy.py"), plain, lambda: helicopter("asleep", "asleep.py")
