# SPDX-License-Identifier: LGPL-2.1-or-later
"""How long a job stands still for what is done to it."""

import os
import subprocess
import time
from contextlib import contextmanager

from bench.figures.grant import grant, injector
from bench.programs.gap import SCRIPTS, Gap
from bench.sample import Bound, figure
from support import wait
from support.session import JOB, job_path

BATCH = 5

# A script that tells that it runs, and does nothing else.
SCRIPT = f"__import__('sys').modules['__main__'].words[{SCRIPTS}] += 1\n".encode()

# Seconds in which nothing is done; what is done otherwise takes about as long.
NOTHING = 0.001


def gaps(gap, case, action, batch=BATCH):
    """The longest gap around each of some actions."""
    seen = []
    for _ in range(batch):
        gap.reset()
        action()
        seen.append(gap.longest())
    looks = [look for _, look in seen if look]
    return {case: [longest for longest, _ in seen]} | ({f"{case}, between looks": looks} if looks else {})


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
        yield lambda: grant_and_end(peer, name)


def grant_and_end(peer, name):
    """The end of the lease has the job make a call, too: it is waited for, so that it is seen."""
    os.close(grant(peer, name))
    wait.until(lambda: peer.call(job_path(name), "org.freedesktop.DBus.Properties", "Get", "ss", JOB, "TracerPID") == 0, "the lease has ended")


def run_script(peer, name, gap):
    """Have the job run a script, and wait until it has."""
    before = gap.scripts()
    script = os.memfd_create("script")
    os.write(script, SCRIPT)
    peer.call(job_path(name), JOB, "RemoteExec", "uha{sv}", 0, script, {})
    os.close(script)
    peer.call(job_path(name), JOB, "Wake", "ua{sv}", 0, {})
    wait.until(lambda: gap.scripts() > before, "the script has run")


def gdb(place, name):
    with place.peers_permitted():
        subprocess.run(["gdb", "-nx", "-batch", "-p", str(place.pid(name)), "-ex", "quit"], env=place.env, check=True, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=4 * wait.SECONDS)


@figure("standstill", "standstill: how long a job stands still", "ms",
        Bound("grant", 0.2), Bound("wake", 0.2), Bound("grant", 0.01, "gdb -p"), Bound("wake", 0.01, "gdb -p"),
        note="Longest gap between two readings of the clock, in the job; until it reads the clock again after what was done. nothing: what the "
             "machine itself does in a millisecond. grant: and its end; without Yama, where neither touches a job, the injected call: the parent's "
             "function, run by another program. script: that the job runs, which counts. wake: the longest stop of a sleeping thread, which another "
             "of its threads looks at without a pause; 0: no look found it stopped, so each stop was shorter than the time between looks. gdb -p: "
             "with quit at once.")
@contextmanager
def standstill(place):
    def nothing():
        with job(place, "clock.py") as (_, gap):
            return gaps(gap, "nothing", lambda: time.sleep(NOTHING))

    def grants():
        with job(place, "clock.py") as (name, gap), granting(place, name) as action:
            return gaps(gap, "grant", action)

    def scripts(case, program):
        with job(place, program) as (name, gap), place.session.peer() as peer:
            return gaps(gap, case, lambda: run_script(peer, name, gap))

    def gdbs():
        with job(place, "clock.py") as (name, gap):
            return gaps(gap, "gdb -p", lambda: gdb(place, name), batch=1)

    yield nothing, grants, lambda: scripts("script", "clock.py"), lambda: scripts("wake", "stopped.py"), gdbs
