# SPDX-License-Identifier: LGPL-2.1-or-later
"""python3 -m bench.instructions: how many instructions the paths take that count, told by callgrind, against bounds that were recorded
(instructions.json). Unlike times these are the same on a machine that is busy. For `contrib/check instructions`.

What is done many times is counted as the difference between doing it often and less often, so that start and end are no part of it."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from unittest import mock

from bench import recorded
from support import session as programs
from support import wait
from support.session import JOB, MANAGER, MANAGER_PATH, PrivateSession, job_path

BOUNDS = Path(__file__).parent / "instructions.json"
FEW, MANY = 10, 60
JOBS = 50


class Counted:
    """A program under callgrind."""

    def __init__(self, folder):
        self.file = folder / "callgrind.out"
        self.command = ["valgrind", "--quiet", "--tool=callgrind", f"--callgrind-out-file={self.file}"]

    def instructions(self):
        """Of the program, which has ended."""
        return int(re.search(r"^summary: (\d+)", self.file.read_text(), re.MULTILINE)[1])

    def wrapper(self, program):
        """A program that is the other under callgrind."""
        path = self.file.with_name(program.name)
        path.write_text(f'#!/bin/sh\nexec {" ".join(self.command)} {program} "$@"\n')
        path.chmod(0o755)
        return path


def with_session(function):
    """Call it with a session that has no daemon yet."""
    session = PrivateSession()
    try:
        return function(session)
    finally:
        session.close()


def run_job(session, name, *prefix):
    """A job in the foreground of a parent of its own; returns the parent's Popen."""
    command = [str(word) for word in (*prefix, programs.PARENT, "--job", name, "--", "/bin/sleep", "86400")]
    parent = subprocess.Popen(command, env=session.env, stdin=subprocess.DEVNULL, start_new_session=True)
    session.wait_state(name, "running")
    return parent


def grant(session, name, times):
    """Take its lease and let go of it."""
    with session.peer() as peer:
        for _ in range(times):
            lease = peer.call(job_path(name), JOB, "Grant", "ua{sv}", 0, {})
            os.close(lease)
            # The lease has ended, and the daemon knows that, when its parent answers this.
            peer.call(job_path(name), JOB, "ListProcesses")


def daemon_total(work):
    """All instructions of a daemon of which work(session) asks something."""

    def run(session):
        counted = Counted(session.folder)
        with mock.patch.object(programs, "DAEMON", counted.wrapper(programs.DAEMON)):
            session.start_daemon()
        work(session)
        assert session.kill_daemon(signal.SIGTERM) == 0
        return counted.instructions()

    return with_session(run)


def each(total):
    """Of one time, by total(times)."""
    return (total(MANY) - total(FEW)) // (MANY - FEW)


def daemon_each(work):
    """Of one time, of the daemon, by work(session, times)."""
    return each(lambda times: daemon_total(lambda session: work(session, times)))


def start_jobs(session, count):
    with session.peer() as peer:
        for number in range(count):
            session.start_job(f"sleep{number}", ["/bin/sleep", "86400"], connection=peer)


def daemon_grant():
    def work(session, times):
        run_job(session, "sleep")
        grant(session, "sleep", times)

    return daemon_each(work)


def daemon_list():
    def work(session, times):
        start_jobs(session, JOBS)
        with session.peer() as peer:
            for _ in range(times):
                peer.call(MANAGER_PATH, MANAGER, "DescribeJobs")

    return daemon_each(work)


def daemon_start_job():
    return daemon_each(start_jobs)


def parent_grant():
    def total(times):
        def run(session):
            counted = Counted(session.folder)
            session.start_daemon()
            parent = run_job(session, "sleep", *counted.command)
            grant(session, "sleep", times)
            os.kill(session.list()["sleep"][3], signal.SIGKILL)  # valgrind does not know the call by which the parent would
            parent.wait(wait.SECONDS)
            return counted.instructions()

        return with_session(run)

    return each(total)


def parent_start():
    """A job's parent from its beginning to its end."""

    def run(session):
        counted = Counted(session.folder)
        session.start_daemon()
        wait.run(*counted.command, programs.PARENT, "--job", "true", "--", "/bin/true", env=session.env)
        return counted.instructions()

    return with_session(run)


def client(*words):
    def run(session):
        counted = Counted(session.folder)
        session.start_daemon()
        start_jobs(session, JOBS)
        wait.run(*counted.command, programs.CLIENT, *words, env=session.env)
        return counted.instructions()

    return with_session(run)


PATHS = {
    "daemon: a grant and its end": daemon_grant,
    f"daemon: the list of {JOBS} jobs": daemon_list,
    "daemon: the start of a job": daemon_start_job,
    "parent: a grant and its end": parent_grant,
    "parent: from start to end": parent_start,
    "client: --version": lambda: client("--version"),
    f"client: list, {JOBS} jobs": lambda: client("list"),
    "client: run, to the job's end": lambda: client("run", "--wait", "--", "/bin/true"),
}


def main():
    bounds, counts = recorded.read(BOUNDS), {}
    for name, count in PATHS.items():
        counts[name] = count()
        print(recorded.line(name, counts[name], bounds), flush=True)
    for name in recorded.over(counts, bounds):
        print(f"{name}: more instructions than the bound in {BOUNDS.name}: find out why, or raise it", file=sys.stderr)
    return 1 if recorded.over(counts, bounds) else 0


if __name__ == "__main__":
    sys.exit(main())
