# SPDX-License-Identifier: LGPL-2.1-or-later
"""What helicopter costs while nobody debugs: memory, wake-ups, and the job's own speed."""

import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

from bench.sample import Bound, figure
from bench.waits import waits, waits_between
from support import process, wait
from support.session import JOB, job_path


def asked_of_proc(ask, *command):
    """ask(), or what the command prints where that is not permitted: a unit with a user namespace of its own."""
    try:
        return ask()
    except PermissionError:
        return wait.run("sudo", *command).stdout


def memory_of(pid, kind):
    """A process's memory of a kind, in KB. Pss: all, what it shares being shared out among those that have it. Anonymous: its own."""
    path = f"/proc/{pid}/smaps_rollup"
    text = asked_of_proc(Path(path).read_text, "cat", path)
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith(f"{kind}:"))


def pipes(pid):
    """How many pipes a process has open."""
    return asked_of_proc(lambda: "\n".join(process.pipes(pid)), "ls", "-l", f"/proc/{pid}/fd").count("pipe:")


def wait_dozing(place, jobs):
    """Wait until the connections of the jobs' parents doze, for each of which the daemon has a bell."""
    wait.until(lambda: pipes(place.daemon_pid()) >= jobs, "all connections doze", 4 * wait.SECONDS)


def pss(pid):
    return memory_of(pid, "Pss") / 1024


def parent_of(place, name):
    return place.session.get_property(job_path(name), JOB, "ParentPID")


@figure("memory", "memory: of daemon, of a job's parent (PSS)", "MB", Bound("daemon", 3), Bound("parent", 1.5), runs=0.2,
        note="One job. seed: the Python supervisor.")
@contextmanager
def memory(place):
    def helicopter():
        with place.job("asleep.py") as name:
            wait_dozing(place, 1)
            return {"daemon": pss(place.daemon_pid()), "parent": pss(parent_of(place, name))}

    def seed():
        ready = place.new_path()
        with subprocess.Popen(place.program("seed.py", *place.program("asleep.py", ready)), stdin=subprocess.PIPE) as supervisor:
            wait.until(ready.exists, "the supervisor's job runs")
            return {"seed": pss(supervisor.pid)}

    yield helicopter, seed


@figure("idle", "idle: wake-ups of daemon and parent in a minute", "", Bound("daemon", 0), Bound("parent", 0), runs=0,
        note="All threads. One look, for as long as --idle says. Where the daemon is a unit, its watchdog (WatchdogSec=) is off meanwhile.")
@contextmanager
def idle(place):
    def look():
        with place.without_watchdog(), place.job("asleep.py") as name:
            pids = {"daemon": place.daemon_pid(), "parent": parent_of(place, name)}
            wait_dozing(place, 1)
            time.sleep(1)  # what the start has left to do is done
            before = {case: waits(pid) for case, pid in pids.items()}
            time.sleep(place.idle)
            return {case: waits_between(before[case], waits(pid)) * 60 / place.idle for case, pid in pids.items()}

    yield (look,)


@figure("slowdown", "slow-down of a job that nobody debugs: time of the same work", "ms",
        Bound("computing, helicopter", 1.001, "computing, bare", noisy=True), Bound("calling, helicopter", 1.001, "calling, bare", noisy=True),
        runs=2, note="computing: in Python. calling: system calls. bare: without helicopter. Processor time, in which is what the kernel does for the job; "
                     "elapsed: with what others had of the processors meanwhile, too, so it is not judged.")
@contextmanager
def slowdown(place):
    def work(kind, how, prefix):
        file = place.new_path()
        wait.run(*prefix, *place.program("work.py", file, kind), env=place.env)
        used, elapsed = map(float, file.read_text().split())
        return {f"{kind}, {how}": used * 1000, f"{kind}, {how}, elapsed": elapsed * 1000}

    def under_helicopter(kind):
        name = place.new_name()
        result = work(kind, "helicopter", [place.parent, "--job", name, "--"])
        place.forget(name)
        return result

    def bare(kind):
        return work(kind, "bare", [])

    yield [lambda kind=kind, way=way: way(kind) for kind in ("computing", "calling") for way in (under_helicopter, bare)]
