# SPDX-License-Identifier: LGPL-2.1-or-later
"""How long a job stands still for what is done to it."""

import os
import subprocess
import time
from contextlib import contextmanager

from bench.figures.grant import grant, injector
from bench.programs.gap import Gap
from bench.sample import Bound, figure
from support import wait
from support.session import JOB, job_path

BATCH = 5

# How long is looked on after what was done; a job that stands still ends its gap in that time.
AFTER = 0.002


def gaps(gap, case, action, batch=BATCH):
    """The longest gap around each of some actions."""
    longest = []
    for _ in range(batch):
        gap.reset()
        action()
        time.sleep(AFTER)
        longest.append(gap.longest())
    return {case: longest}


@contextmanager
def job(place, program):
    """A job that measures gaps: its name, and the Gap."""
    file = place.new_path()
    name = place.start(*place.program(program, file))
    try:
        wait.until(file.exists, f"{program} runs")
        yield name, Gap(file)
    finally:
        place.kill(name)


@contextmanager
def granting(place, name):
    """An action that grants: really where there is Yama, else the call that is injected then."""
    if not place.has_yama:
        with injector(place, name) as inject:
            yield inject
        return
    with place.session.peer() as peer:
        yield lambda: os.close(grant(peer, name))


def run_script(peer, name):
    """Have the job run a script that does nothing, and wait until it has begun."""
    script = os.memfd_create("script")
    os.write(script, b"pass\n")
    peer.call(job_path(name), JOB, "RemoteExec", "uha{sv}", 0, script, {})
    os.close(script)
    peer.call(job_path(name), JOB, "Wake", "ua{sv}", 0, {})


def gdb(place, name):
    with place.peers_permitted():
        subprocess.run(["gdb", "-nx", "-batch", "-p", str(place.pid(name)), "-ex", "quit"], env=place.env, check=True, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=4 * wait.SECONDS)


@figure("standstill", "standstill: how long a job stands still", "ms",
        Bound("grant", 0.2), Bound("wake", 0.2), Bound("grant", 0.01, "gdb -p"), Bound("wake", 0.01, "gdb -p"),
        note="Longest gap between two readings of the clock, in the job. nothing: what the machine itself does. script: that the job runs, "
             "empty. wake: how long a sleeping thread is stopped. gdb -p: with quit at once.")
@contextmanager
def standstill(place):
    def nothing():
        with job(place, "clock.py") as (_, gap):
            return gaps(gap, "nothing", lambda: None)

    def grants():
        with job(place, "clock.py") as (name, gap), granting(place, name) as action:
            return gaps(gap, "grant", action)

    def scripts(case, program):
        with job(place, program) as (name, gap), place.session.peer() as peer:
            return gaps(gap, case, lambda: run_script(peer, name))

    def gdbs():
        with job(place, "clock.py") as (name, gap):
            return gaps(gap, "gdb -p", lambda: gdb(place, name), batch=1)

    yield nothing, grants, lambda: scripts("script", "clock.py"), lambda: scripts("wake", "stopped.py"), gdbs
