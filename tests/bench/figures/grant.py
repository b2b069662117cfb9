# SPDX-License-Identifier: LGPL-2.1-or-later
"""From the call of Grant to the lease, and what a grant costs otherwise."""

import os
import subprocess
import time
from contextlib import contextmanager

from bench.figures.rest import wait_dozing
from bench.place import TOOLS
from bench.sample import Bound, figure
from support import wait
from support.session import JOB, job_path

# Of what takes a fraction of a millisecond, many at a time.
BATCH = 40

SHORT_PAUSE = 0.2  # not long enough for a connection to doze

# The cases where there is no Yama.
NOTHING_INJECTED, WITH_CALL = "Grant, nothing injected", "Grant + injected call"


def timed(function):
    """Milliseconds that a call takes, and its result."""
    began = time.perf_counter()
    result = function()
    return (time.perf_counter() - began) * 1000, result


def grant(peer, name):
    return peer.call(job_path(name), JOB, "Grant", "ua{sv}", 0, {})


def timed_grant(peer, name):
    """A Grant, after which nothing is left to be done: the end of its lease is no part of it, nor of what is measured next."""
    milliseconds, lease = timed(lambda: grant(peer, name))
    os.close(lease)
    # The parent has ended the lease, and the daemon knows that, when this is answered.
    peer.call(job_path(name), JOB, "ListProcesses")
    return milliseconds


def grants(peer, name):
    return {"Grant": [timed_grant(peer, name) for _ in range(BATCH)]}


def grants_after_pauses(place, peer, name):
    """One that follows another, and one when the parent's connection dozes."""
    case = "Grant" if place.has_yama else NOTHING_INJECTED
    timed_grant(peer, name)
    time.sleep(SHORT_PAUSE)
    short = timed_grant(peer, name)
    wait_dozing(place, 1)
    return {f"{case}, after {SHORT_PAUSE} s": short, f"{case}, connection dozes": timed_grant(peer, name)}


def pings(peer):
    return {"Ping": [timed(lambda: peer.call("/", "org.freedesktop.DBus.Peer", "Ping"))[0] for _ in range(BATCH)]}


@contextmanager
def talker(command, place):
    """A function that sends a line to a program and returns the line that it answers."""
    with subprocess.Popen([str(word) for word in command], text=True, env=place.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:

        def ask(line=""):
            process.stdin.write(f"{line}\n")
            process.stdin.flush()
            return process.stdout.readline()

        # Where its input ends it ends, and what it has started.
        yield ask


def seed(place):
    """The plain way: a Python program that waits."""
    ready = place.new_path()
    with talker(place.program("seed.py", *place.program("busy.py", ready)), place) as ask:
        wait.until(ready.exists, "the supervisor's job runs")
        milliseconds, answer = timed(lambda: ask(os.getpid()))
        assert answer == "granted\n"
        return {"seed": milliseconds}


@contextmanager
def injector(place, name):
    """A function that makes the call of a grant in the job, alone, and returns how long it took."""
    with talker([TOOLS / "inject", place.pid(name)], place) as ask:
        yield lambda: int(ask()) / 1e6


def grants_and_calls(place, peer, name):
    """Where nothing is injected for a grant: each together with that call, made beside it in the same job."""
    with injector(place, name) as inject:
        pairs = [(timed_grant(peer, name), inject()) for _ in range(BATCH)]
    return {NOTHING_INJECTED: [pair[0] for pair in pairs], "injected call": [pair[1] for pair in pairs], WITH_CALL: [sum(pair) for pair in pairs]}


@figure("grant", "grant: from the call to the lease", "ms",
        lambda place: [bound for case in ("Grant" if place.has_yama else WITH_CALL,)
                       for bound in (Bound(case, 1), Bound(case, 5, statistic="p99"), Bound(case, 1 / 200, "seed"))],
        note="Ping: a round trip to the daemon. seed: a Python supervisor that queues a script and waits 0.2 s. nothing injected: without Yama a Grant "
             "does all but the call in the job. injected call: that alone, by the parent's function, in a program of its own; the kernel refuses it. "
             "Grant + injected call: the sums of each with the one that was made after it. connection dozes: nothing was asked of the parent for a while.")
@contextmanager
def grant_latency(place):
    def with_job(function):
        with place.job("busy.py") as name, place.session.peer() as peer:
            return function(peer, name)

    whole = grants if place.has_yama else lambda peer, name: grants_and_calls(place, peer, name)
    yield lambda: with_job(whole), lambda: with_job(lambda peer, name: grants_after_pauses(place, peer, name)), lambda: with_job(lambda peer, name: pings(peer)), lambda: seed(place)
