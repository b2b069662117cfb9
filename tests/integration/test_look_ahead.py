# SPDX-License-Identifier: LGPL-2.1-or-later
"""Job.LookAhead: who made a blocked call is found out before the script is there."""

import os
import signal
from contextlib import contextmanager

import pytest
from support import process, wait
from support.sdbus import BusError
from support.session import ERROR, JOB, NAME, PARENT, job_path

UNWIND = "/usr/local/libexec/helicopter-unwind"

# Computes.
BUSY = """\
while True:
    pass
"""

# Goes from one call to another at SIGUSR1.
SLEEPER = """\
import select, signal, time

def move_on(*_):
    raise InterruptedError

signal.signal(signal.SIGUSR1, move_on)
try:
    time.sleep(1000)
except InterruptedError:
    select.select([], [], [], 1000)
"""


class Sleeper:
    """The job, and the programs that its parent has run to find out who made its call."""

    def __init__(self, session):
        self.log = session.folder / "unwound"
        self.pid = session.get_property(job_path("nap"), JOB, "PID")

    def unwound(self):
        """How often it was found out."""
        return len(self.log.read_text())

    def wait_until_in(self, *numbers):
        wait.until(lambda: process.system_call(self.pid).split()[0] in numbers, "the job is in its call")


@contextmanager
def run(session, *command):
    unwind = session.folder / "unwind"
    unwind.write_text(f"#!/bin/sh\necho >>{session.folder}/unwound\nexec {UNWIND}\n")
    unwind.chmod(0o755)
    (session.folder / "unwound").write_text("")
    session.env["HELICOPTER_UNWIND"] = str(unwind)
    with session.process(PARENT, "--job", "nap", "--", *command) as parent:
        session.wait_state("nap", "running")
        yield Sleeper(session)
        parent.terminate()


def python(session, program):
    path = session.folder / "program.py"
    path.write_text(program)
    return ["python3.14", path]


@pytest.fixture
def job(session):
    with run(session, *python(session, SLEEPER)) as sleeper:
        sleeper.wait_until_in("230")
        yield sleeper


def call(peer, method, signature="", *arguments):
    return peer.call(job_path("nap"), JOB, method, signature, *arguments)


def run_script(peer, session, text="pass"):
    """Have the job run a script; return what Wake says."""
    path = session.folder / "script.py"
    path.write_text(text)
    fd = os.open(path, os.O_RDONLY)
    call(peer, "RemoteExec", "uha{sv}", 0, fd, {})
    os.close(fd)
    return call(peer, "Wake", "ua{sv}", 0, {})


def test_it_is_found_out_once(session, job):
    with session.peer() as peer:
        call(peer, "LookAhead", "u", 0)
        wait.until(lambda: job.unwound() == 1, "it is found out")
        assert process.tracer(job.pid) == 0
        job.wait_until_in("230", "219")  # restart_syscall
        assert run_script(peer, session)["call"] == "clock_nanosleep"
        assert job.unwound() == 1
        # For one script: the thread may be elsewhere by the next.
        assert run_script(peer, session)["call"] == "clock_nanosleep"
        assert job.unwound() == 2


def test_script_that_comes_before_it_is_found_out(session, job):
    with session.peer() as peer:
        call(peer, "LookAhead", "u", 0)
        assert run_script(peer, session)["call"] == "clock_nanosleep"
    assert job.unwound() == 1


def test_thread_that_has_moved_on(session, job):
    with session.peer() as peer:
        call(peer, "LookAhead", "u", 0)
        wait.until(lambda: job.unwound() == 1, "it is found out")
        os.kill(job.pid, signal.SIGUSR1)
        job.wait_until_in("23", "270")  # select, pselect6
        assert run_script(peer, session)["call"] in ("select", "pselect6")
    assert job.unwound() == 2


def test_it_is_found_out_once_however_often_it_is_asked_for(session, job):
    parent = session.get_property(job_path("nap"), JOB, "ParentPID")
    with session.peer() as peer:
        for _ in range(20):
            call(peer, "LookAhead", "u", 0)
        assert run_script(peer, session)["call"] == "clock_nanosleep"
    assert job.unwound() == 1
    wait.until(lambda: process.children(parent) == [job.pid], "the program has ended")


def test_what_is_not_used_is_forgotten(session, job):
    with session.peer() as peer:
        call(peer, "LookAhead", "u", 0)
        wait.until(lambda: job.unwound() == 1, "it is found out")

        def again():
            call(peer, "LookAhead", "u", 0)
            return job.unwound() == 2

        wait.until(again, "what was found out is forgotten")


def test_target_that_ends(session, job):
    with session.peer() as peer:
        call(peer, "LookAhead", "u", 0)
    os.kill(job.pid, signal.SIGKILL)
    session.wait_state("nap", "failed")


def ask_often(session):
    with session.peer() as peer:
        for _ in range(5):
            call(peer, "LookAhead", "u", 0)


def test_job_that_runs(session):
    with run(session, *python(session, BUSY)) as job:
        ask_often(session)
        assert job.unwound() == 0


def test_program_that_runs_no_scripts(session):
    """It is not stopped: it might not be prepared for what that does to some calls."""
    with run(session, "/bin/sleep", "1000") as job:
        job.wait_until_in("230")
        before = process.status(job.pid)["voluntary_ctxt_switches"]
        ask_often(session)
        assert process.status(job.pid)["voluntary_ctxt_switches"] == before
        assert job.unwound() == 0


def test_policy(session, job):
    with session.peer() as peer:
        call(peer, "SetGrantPolicy", "s", "none")
        with pytest.raises(BusError) as error:
            call(peer, "LookAhead", "u", 0)
    assert error.value.name == ERROR + "NotPermitted"
    assert job.unwound() == 0


@pytest.mark.parametrize("target", [1, 0x7ffffff0])
def test_process_that_is_not_the_jobs(session, job, target):
    with session.peer() as peer, pytest.raises(BusError) as error:
        call(peer, "LookAhead", "u", target)
    assert error.value.name == ERROR + "NotInJob"
    assert job.unwound() == 0


def test_somebody_else_has_the_lease(session, job):
    with session.peer() as peer:
        lease = call(peer, "Grant", "ua{sv}", 0, {})
        done = session.busctl("call", NAME, job_path("nap"), JOB, "LookAhead", "u", "0", check=False)
        os.close(lease)
    assert done.returncode != 0 and "has been traced by pid" in done.stderr
    assert job.unwound() == 0


@pytest.mark.parametrize(("options", "count"), [([], 1), (["--wake=auto"], 1), (["--no-wake"], 0), (["--wake=force"], 0)])
def test_attach_looks_ahead(session, job, options, count):
    """Before its interpreter, which does nothing here, asks for anything. Not where nothing is to be found out."""
    (session.folder / "attach.py").write_text("raise SystemExit(1)\n")
    done = session.client("attach", "nap", *options, check=False, env={"HELICOPTER_DATA": str(session.folder)})
    assert done.returncode == 1
    with session.peer() as peer:
        call(peer, "ListProcesses")  # what was asked for before that has been done
    wait.until(lambda: job.unwound() == count, "it is found out")
