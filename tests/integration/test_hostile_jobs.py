# SPDX-License-Identifier: LGPL-2.1-or-later
"""Jobs that make it hard: each attach ends with a prompt or with one clear message, and the programs are none the worse for it."""

import os
import random
import re
import signal
import subprocess

import pytest
from support import matrix, probe, wait
from support.process import memory
from support.sdbus import BusError
from support.session import ERROR, JOB, JOBS, Job, grant, job_path, pid_alive

GROWTH = 16 << 10  # KiB that a program may be larger afterwards


def start(session, how, seed=0, python="python3.14"):
    file = session.folder / "count"
    session.start_job("hostile", [python, JOBS / "hostile.py", how, file, seed])
    job = Job(session, "hostile", file)
    wait.until(job.counter, "the job runs")
    return job


def attach(session, *options, seconds="3"):
    """Try to; the client's CompletedProcess, which has told one thing or the other."""
    done = session.client("attach", "hostile", "--timeout", seconds, *options, check=False, stdin=None, input="p 6 * 7\nquit\n")
    if done.returncode == 0:
        assert "42" in done.stdout, done
    else:
        said(done)
    return done


def said(done):
    """The message of a client that has not attached."""
    assert done.returncode > 0 and done.stdout == "", done
    assert "Traceback" not in done.stderr and "helicopter-client: " in done.stderr and len(done.stderr) < 2000, done
    return done.stderr


def debugger_is_refused(session):
    with session.peer() as peer, pytest.raises(BusError) as refused:
        grant(peer, "hostile", python=True)
    assert refused.value.name.startswith(ERROR)


@pytest.fixture
def unharmed(session):
    """Call it when the job runs: daemon and parent must be there at the end (or at the call of what it returns), and not much larger."""
    checks = []

    def watch(job):
        before = {pid: memory(pid) for pid in (session.daemon.pid, job.ParentPID)}

        def check():
            for pid in before:
                if pid == session.daemon.pid or pid_alive(pid):
                    assert memory(pid) < before[pid] + GROWTH
                else:  # it ended as its job did, and told how
                    session.wait_state("hostile", "exited", "failed")
                    assert job.FailureReason == ""

        checks[:] = [check]
        return lambda: checks.remove(check) or check()

    yield watch
    for check in checks:
        check()


@pytest.mark.parametrize("how", ["cookie", "version"])
def test_what_is_said_is_not_of_a_python(session, unharmed, how):
    job = start(session, how)
    unharmed(job)
    assert "ython" in said(attach(session))
    debugger_is_refused(session)
    job.counts_on()


@pytest.mark.parametrize("python", ["python3.14", "python3.15"])
def test_garbage_in_the_offsets(session, unharmed, python):
    """Twenty jobs, each with garbage of its own. What such a job suffers is its own doing; the others must survive it."""
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    for number in range(seed, seed + 20):
        job = start(session, "offsets", number, python)
        check = unharmed(job)
        with session.peer() as peer:
            ask(peer, "Where", "")
            ask(peer, "Grant", "ua{sv}", 0, {"python": ("b", True)})
            with open(JOBS / "counter.py", "rb") as script:  # any file: it is not to be run
                ask(peer, "RemoteExec", "uha{sv}", 0, script.fileno(), {})
            ask(peer, "Wake", "ua{sv}", 0, {"timeout": ("t", 300_000)})
        if number % 5 == 0:
            said_or_left(session)
        check()
        stop(session, job)


def ask(peer, member, signature, *arguments):
    """Whatever the answer is, it comes, and is one of those that are documented."""
    try:
        result = peer.call(job_path("hostile"), JOB, member, signature, *arguments, seconds=wait.SECONDS)
        if member == "Grant":
            os.close(result)
    except BusError as error:
        assert error.name.startswith(ERROR), error


def said_or_left(session):
    done = session.client("attach", "hostile", "--timeout", "1", check=False, stdin=None, input="quit\n")
    assert "Traceback" not in done.stderr, done


def stop(session, job):
    if pid_alive(pid := job.PID):
        os.kill(pid, signal.SIGKILL)
    session.wait_state("hostile", "failed", "exited")
    session.client("forget", "hostile")
    job.file.unlink()


def test_undumpable(session, unharmed):
    """The kernel lets nobody but root look at it, not even its parent."""
    job = start(session, "undumpable")
    unharmed(job)
    said(attach(session))
    debugger_is_refused(session)
    job.counts_on()


@pytest.mark.parametrize("how", ["seccomp", "seccomp+sleep"])
def test_seccomp(session, unharmed, how):
    """Without Yama nothing has to be injected into it for a prompt."""
    job = start(session, how)
    unharmed(job)
    done = attach(session)
    assert done.returncode == 0 or "seccomp" in said(done), done
    assert session.list()["hostile"][2] == "running"
    if how == "seccomp":
        job.counts_on()


def test_seccomp_without_a_grant(session, unharmed):
    """The way out that is offered: no system call is made in it, whatever Yama's setting."""
    job = start(session, "seccomp+sleep")
    unharmed(job)
    done = attach(session, "--no-grant")
    assert done.returncode == 0, done
    assert session.list()["hostile"][2] == "running"


@pytest.mark.parametrize("how", ["plain", "plain+sleep"])
def test_stopped_job(session, unharmed, how):
    """It cannot answer; it is told so, stays stopped, and runs nothing when it goes on."""
    job = start(session, how)
    unharmed(job)
    pid = job.PID
    os.kill(pid, signal.SIGSTOP)
    wait.until(lambda: probe.in_kernel(pid) == {("T", 0)}, "the job stops")
    assert "stop" in said(attach(session)).lower()
    wait.until(lambda: probe.in_kernel(pid) == {("T", 0)}, "the job is stopped still")
    os.kill(pid, signal.SIGCONT)
    probe.nothing_is_left(session, "hostile")
    assert attach(session, seconds="30").returncode == 0


def foreign_tracer(session, pid, tool):
    """gdb holds the job stopped; strace lets it run."""
    command = {"strace": ["strace", "-f", "-o", "/dev/null", "-p", str(pid)],
               "gdb": ["gdb", "-nx", "-q", "-batch-silent", "-ex", "set auto-load off", "-ex", f"attach {pid}", "-ex", "shell cat"]}[tool]
    tracer = subprocess.Popen(command, env=session.env, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait.until(lambda: all(traced == tracer.pid for _, traced in probe.in_kernel(pid)), f"{tool} has the job")
    return tracer


@pytest.mark.parametrize("tool", ["strace", "gdb"])
def test_foreign_tracer_is_named(session, unharmed, tool):
    """A job that is asleep, and cannot be woken since another has it; afterwards it can."""
    job = start(session, "plain+sleep")
    unharmed(job)
    tracer = foreign_tracer(session, job.PID, tool)
    message = said(attach(session))
    assert tool in message and str(tracer.pid) in message, message
    assert tracer.poll() is None and probe.in_kernel(job.PID) <= {("S", tracer.pid), ("t", tracer.pid)}
    tracer.stdin.close()
    tracer.terminate()
    tracer.wait(wait.SECONDS)
    probe.nothing_is_left(session, "hostile")
    assert attach(session, seconds="30").returncode == 0


def test_strace_of_a_job_at_work(session, unharmed):
    """It need not be stopped for a prompt: both go together."""
    job = start(session, "plain")
    unharmed(job)
    tracer = foreign_tracer(session, job.PID, "strace")
    done = attach(session)
    assert done.returncode == 0 or "strace" in said(done), done
    assert tracer.poll() is None
    tracer.terminate()
    tracer.wait(wait.SECONDS)
    job.counts_on()


def test_exec_all_the_time(session, unharmed):
    """The program that was looked at is not the one that is there next."""
    job = start(session, "exec")
    unharmed(job)
    for _ in range(8):
        attach(session, seconds="1")
    job.counts_on()
    assert session.list()["hostile"][2] == "running"


def test_exec_under_grants(session, unharmed):
    job = start(session, "exec")
    unharmed(job)
    with session.peer() as peer:
        for _ in range(40):
            ask(peer, "Grant", "ua{sv}", 0, {"python": ("b", True), "force": ("b", True)})
            ask(peer, "Wake", "ua{sv}", 0, {"timeout": ("t", 50_000)})
    job.counts_on()
    assert session.list()["hostile"][2] == "running"


@pytest.mark.parametrize("how", ["PYTHON_DISABLE_REMOTE_DEBUG=1", "-Xdisable-remote-debug"])
def test_switched_off_in_a_job_that_sleeps(session, how):
    report = session.folder / "report"
    command = ["env", how] if how.startswith("PYTHON") else []
    option = [] if command else [how]
    session.start_job("hostile", [*command, "python3.14", *option, matrix.SOURCE, "sleep", "2", report])
    matrix.wait_blocked(session.list()["hostile"][3], report, False)
    assert re.search("PYTHON_DISABLE_REMOTE_DEBUG|disable-remote-debug", said(attach(session)))
    session.wait_state("hostile", "exited")
    assert '"debugged": false' in report.read_text()
