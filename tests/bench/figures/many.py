# SPDX-License-Identifier: LGPL-2.1-or-later
"""Many jobs, and many who ask."""

import signal
import subprocess
import time
from contextlib import ExitStack, contextmanager

from bench.figures.rest import memory_of, wait_dozing
from bench.growth import LIST, MEMORY, MORE, RECOVERY, START, bounds
from bench.sample import figure
from support import wait
from support.session import JOB, MANAGER, MANAGER_PATH, job_path

LISTS = 5
GRANTING_SECONDS = 1
MEMORY_PAUSE = 2  # unused memory is given back after one
CLIENTS = 10


@contextmanager
def many_jobs(place, count):
    """Jobs that sleep: their names, and how many were started in a second."""
    names = [place.new_name() for _ in range(count)]
    began = time.perf_counter()
    with place.session.peer() as peer:
        for name in names:
            place.session.start_job(name, ["/bin/sleep", "86400"], environment=["PATH=/usr/bin:/bin"], connection=peer)
    rate = count / (time.perf_counter() - began)
    try:
        yield names, rate
    finally:
        with place.session.peer() as peer:
            for name in names:
                peer.call(job_path(name), JOB, "Kill", "si", "main", int(signal.SIGKILL))
            wait.until(lambda: not any(job[2] in ("running", "starting") for job in place.session.list().values()), "all end", 4 * wait.SECONDS)
            for name in names:
                peer.call(MANAGER_PATH, MANAGER, "ForgetJob", "s", name)


def list_times(place, count):
    """Milliseconds of the command."""
    times = []
    for _ in range(LISTS):
        began = time.perf_counter()
        done = wait.run(place.client, "list", env=place.env)
        times.append((time.perf_counter() - began) * 1000)
        assert len(done.stdout.splitlines()) == count + 1
    return times


def recover(place, count):
    """Seconds until a daemon that was killed is there again, and knows all jobs."""
    began = time.perf_counter()
    if place.has_units:
        place.session.systemctl("kill", "--signal=KILL", "helicopterd.service")
    else:
        place.session.kill_daemon()
        place.session.start_daemon()
    jobs = wait.until(lambda: running(place), "the daemon is there again", 4 * wait.SECONDS)
    taken = time.perf_counter() - began
    assert jobs == count, f"{jobs} jobs are known after the daemon's restart"
    return taken


def running(place):
    try:
        return sum(job[2] == "running" for job in place.session.list().values())
    except OSError:  # nobody listens
        return None


def with_jobs(place, count):
    place.new_daemon()  # else it would have what it had for other jobs, and give it to these
    daemon = place.daemon_pid()
    before = memory_of(daemon, "Anonymous")
    with many_jobs(place, count) as (_, rate):
        wait_dozing(place, count)
        time.sleep(MEMORY_PAUSE)
        after = memory_of(daemon, "Anonymous")
        return {
            LIST.format(count): list_times(place, count),
            MEMORY.format(count): (after - before) / count,
            START.format(count): rate,
            RECOVERY.format(count): recover(place, count),
        }


@figure("jobs", "jobs: with many of them", "as noted", lambda place: bounds(place.jobs), runs=0.2,
        needs={case.format(1000): "1000 jobs" for case in (LIST, MEMORY, RECOVERY)},
        note="Each time with a daemon of its own. list: the whole command. memory: what the daemon has of its own (Anonymous), above what it has "
             "without jobs; a kernel that makes huge pages by itself adds 2 MB now and then. recovery: of all jobs, from SIGKILL of the daemon to the "
             "first answer of the next. Growth is linear where a ratio is not above that of the numbers of jobs, times "
             f"{MORE}; of what is told for each job, or in a second, where it is near 1.")
@contextmanager
def jobs(place):
    yield [lambda count=count: with_jobs(place, count) for count in place.jobs]


def grants_per_second(place, names):
    """Each of as many clients grants one of the jobs, all at the same time."""
    with ExitStack() as stack:
        clients = [stack.enter_context(subprocess.Popen(place.program("granting.py", place.session.socket, job_path(name), GRANTING_SECONDS), text=True,
                                                        env=place.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE)) for name in names]
        for client in clients:
            client.stdout.readline()
        for client in clients:
            client.stdin.write("\n")
            client.stdin.flush()
        return sum(int(client.stdout.readline()) for client in clients) / GRANTING_SECONDS


@figure("throughput", "throughput: grants", "1/s", runs=0.3, note="The clients are Python programs, which take their share of the processors.")
@contextmanager
def throughput(place):
    def with_clients(count):
        with ExitStack() as stack:
            names = [stack.enter_context(place.job("asleep.py")) for _ in range(count)]
            return {f"{count} client{'s' if count > 1 else ''}, {count} job{'s' if count > 1 else ''}": grants_per_second(place, names)}

    yield lambda: with_clients(1), lambda: with_clients(CLIENTS)
