# SPDX-License-Identifier: LGPL-2.1-or-later
"""Job.RemoteExec, Job.Wake and Job.ListProcesses, as the bus has them."""

import ctypes
import os
import signal

import pytest
from support import process, wait
from support.sdbus import BusError
from support.session import ERROR, JOB, JOBS, job_path

PYTHONS = ["python3.14", "python3.15", "python3.14-dbg", "python3.15-dbg"]

# A process of its own that queues a script, says so on stdout, and ends when it is told to on stdin.
CALLER = """
import os, sys
from support.sdbus import Connection
peer = Connection(sys.argv[1], bus=False)
peer.call(sys.argv[2], "org.helicopter1.Job", "RemoteExec", "uha{sv}", 0, os.open(sys.argv[3], os.O_RDONLY), {})
print("queued", flush=True)
sys.stdin.read()
"""


def script(session, text):
    path = session.folder / "script.py"
    path.write_text(text)
    return path


def remote_exec(peer, session, name, text, target=0, **options):
    """RemoteExec; returns a function that tells whether the script has run."""
    ran = session.folder / f"ran-{len(list(session.folder.glob('ran-*')))}"
    ran.write_text("")
    fd = os.open(script(session, f"import threading; open({str(ran)!r}, 'w').write(str(threading.get_native_id())); {text}"), os.O_RDONLY)
    try:
        peer.call(job_path(name), JOB, "RemoteExec", "uha{sv}", target, fd, options)
    finally:
        os.close(fd)
    return ran.read_text


def wake(peer, name, target=0, timeout=10.0, mode="auto"):
    return {key: value for key, value in peer.call(job_path(name), JOB, "Wake", "ua{sv}", target, {
        "timeout": ("t", int(timeout * 1e6)), "mode": ("s", mode)}).items()}


def refused(call, name):
    with pytest.raises(BusError) as error:
        call()
    assert error.value.name == ERROR + name, error.value
    return error.value.message


def blocked(session, kind, python="python3.14"):
    """A job whose main thread is blocked; its pid."""
    file = session.folder / f"{kind}.about"
    session.client("run", "--job", kind, "--", python, JOBS / "blocked_thread.py", kind, file)
    wait.until(file.exists, "the job is about to wait")
    pid = session.get_property(job_path(kind), JOB, "PID")
    wait.until(lambda: in_call(pid), "the job waits")
    return pid


def in_call(pid, tid=None):
    """Whether a thread is blocked in a system call that takes long."""
    return process.system_call(pid, tid).split()[0] in ("230", "202", "34")  # clock_nanosleep, futex, pause on x86-64


@pytest.mark.parametrize("python", PYTHONS)
def test_a_script_is_run(session, python):
    job = session.run_counter("count", python)
    with session.peer() as peer:
        for _ in range(5):
            ran = remote_exec(peer, session, "count", "")
            wait.until(ran, "the script runs")
    assert int(ran()) == job.PID
    job.counts_on()


@pytest.mark.parametrize("python", PYTHONS)
def test_a_blocked_main_thread_is_woken(session, python):
    pid = blocked(session, "sleep", python)
    with session.peer() as peer:
        for _ in range(5):
            ran = remote_exec(peer, session, "sleep", "")
            result = wake(peer, "sleep")
            wait.until(ran, "the script runs")
            assert result == {"thread": pid, "main": True, "reason": "", "call": "clock_nanosleep"}
            wait.until(lambda: in_call(pid), "the call goes on")


@pytest.mark.parametrize("kind", ["lock-sleep", "lock-busy"])
def test_another_thread_runs_it(session, kind):
    pid = blocked(session, kind)
    with session.peer() as peer:

        def by_another():
            """Until then, what the main thread waits for may be the interpreter's lock."""
            ran = remote_exec(peer, session, kind, "")
            result = wake(peer, kind)
            wait.until(ran, "the script runs")
            assert int(ran()) == result["thread"]
            assert result["main"] == (result["thread"] == pid)
            return None if result["main"] else result

        result = wait.until(by_another, "another thread runs it")
    assert "lock" in result["reason"]


@pytest.mark.reaches("Error.Blocked", "Error.NoScript")
def test_nobody_can_run_it(session):
    pid = blocked(session, "lock")
    with session.peer() as peer:
        ran = remote_exec(peer, session, "lock", "")
        assert "lock" in refused(lambda: wake(peer, "lock", timeout=1.5), "Blocked")
        refused(lambda: wake(peer, "lock"), "NoScript")  # it was withdrawn
        ran = remote_exec(peer, session, "lock", "")
        refused(lambda: wake(peer, "lock", timeout=1.5), "Blocked")
    assert in_call(pid)
    assert not ran()


def test_a_call_that_would_end_early_is_let_alone(session):
    pid = blocked(session, "pause")
    with session.peer() as peer:
        remote_exec(peer, session, "pause", "")
        assert "pause" in refused(lambda: wake(peer, "pause", timeout=1.5), "Blocked")
    assert in_call(pid)


def test_it_was_run_before_that_was_asked_for(session):
    job = session.run_counter("count")
    with session.peer() as peer:
        ran = remote_exec(peer, session, "count", "")
        wait.until(ran, "the script runs")
        assert wake(peer, "count") == {"thread": job.PID, "main": True, "reason": "", "call": ""}
        refused(lambda: wake(peer, "count"), "NoScript")


RESTRICTED = """
import sys, time
names = {"__builtins__": {}}
exec("def restricted(clock, end):\\n    while clock() < end: pass", names)
open(sys.argv[1], "w").write("about to")
names["restricted"](time.monotonic, time.monotonic() + float(sys.argv[2]))
while True:
    time.sleep(0.05)
"""


@pytest.mark.parametrize("seconds, timeout, runs", [(2.5, 30, True), (1000, 4, False)])
def test_code_with_restricted_builtins(session, seconds, timeout, runs):
    """CPython cannot open the script's file there: it is given to it again."""
    script(session, RESTRICTED).rename(session.folder / "restricted.py")
    file = session.folder / "about"
    session.client("run", "--job", "restricted", "--", "python3.15", session.folder / "restricted.py", file, seconds)
    wait.content(file, "the job is about to")
    with session.peer() as peer:
        ran = remote_exec(peer, session, "restricted", "")
        if runs:
            assert wake(peer, "restricted", timeout=timeout)["main"]
            wait.until(ran, "the script runs")
        else:
            assert "restricted builtins" in refused(lambda: wake(peer, "restricted", timeout=timeout), "Blocked")
            assert not ran()


@pytest.mark.reaches("Error.Timeout")
def test_waking_can_be_switched_off(session):
    blocked(session, "sleep")
    with session.peer() as peer:
        ran = remote_exec(peer, session, "sleep", "")
        assert "clock_nanosleep" in refused(lambda: wake(peer, "sleep", timeout=1.5, mode="off"), "Timeout")
        assert not ran()


def test_a_stopped_job(session):
    job = session.run_counter("count")
    process.stop(job.PID)
    with session.peer() as peer:
        ran = remote_exec(peer, session, "count", "")
        assert "stopped" in refused(lambda: wake(peer, "count", timeout=1.5), "Blocked")
        process.wait_stopped(job.PID)
        os.kill(job.PID, signal.SIGCONT)
        job.counts_on()
        assert not ran()


def test_no_inotify_instance_left(session):
    """A user has few of them; other programs may have taken all."""
    libc = ctypes.CDLL(None)
    pid = blocked(session, "sleep")
    taken = []
    while (fd := libc.inotify_init1(os.O_CLOEXEC)) >= 0:
        taken.append(fd)
    try:
        with session.peer() as peer:
            for _ in range(3):
                ran = remote_exec(peer, session, "sleep", "")
                assert wake(peer, "sleep")["thread"] == pid
                wait.until(ran, "the script runs")
            ran = remote_exec(peer, session, "sleep", "")
            refused(lambda: remote_exec(peer, session, "sleep", ""), "ScriptPending")
            wake(peer, "sleep")
            wait.until(ran, "the script runs")
    finally:
        for fd in taken:
            os.close(fd)


@pytest.mark.reaches("Error.ScriptPending")
def test_one_at_a_time(session):
    blocked(session, "sleep")
    with session.peer() as peer:
        ran = remote_exec(peer, session, "sleep", "")
        refused(lambda: remote_exec(peer, session, "sleep", ""), "ScriptPending")
        wake(peer, "sleep")
        wait.until(ran, "the script runs")


def test_closing_the_guard_withdraws(session):
    blocked(session, "sleep")
    with session.peer() as peer:
        for _ in range(3):
            reader, writer = os.pipe()
            ran = remote_exec(peer, session, "sleep", "", guard=("h", reader))
            os.close(reader)
            os.close(writer)

            def withdrawn():
                try:
                    wake(peer, "sleep", timeout=0)
                except BusError as error:
                    return error.name == ERROR + "NoScript"

            wait.until(withdrawn, "the script is withdrawn")
            assert not ran()


def test_the_callers_end_withdraws(session):
    blocked(session, "sleep")
    path = script(session, f"open({str(session.folder / 'ran')!r}, 'w')")
    caller = session.python(CALLER, session.address, job_path("sleep"), path)
    assert caller.stdout.readline() == "queued\n"
    caller.communicate()
    with session.peer() as peer:

        def next_one():
            try:
                return remote_exec(peer, session, "sleep", "")
            except BusError as error:
                assert error.name == ERROR + "ScriptPending"

        ran = wait.until(next_one, "the script is withdrawn")
        wake(peer, "sleep")
        wait.until(ran, "the next one runs")
    assert not (session.folder / "ran").exists()


def test_a_script_that_is_no_file(session):
    session.run_counter("count")
    reader, writer = os.pipe()
    with session.peer() as peer, open(session.folder / "large", "w+b") as large:
        large.truncate(2 ** 20 + 1)
        for fd, word in ((reader, "not a file"), (large.fileno(), "1 MiB")):
            assert word in refused(lambda fd=fd: peer.call(job_path("count"), JOB, "RemoteExec", "uha{sv}", 0, fd, {}), "BadOption")
        refused(lambda: remote_exec(peer, session, "count", "", colour=("s", "red")), "BadOption")
        refused(lambda: remote_exec(peer, session, "count", "", target=1), "NotInJob")
        refused(lambda: wake(peer, "count", mode="gently"), "BadOption")
        refused(lambda: wake(peer, "count", timeout=4000), "BadOption")
        refused(lambda: wake(peer, "count"), "NoScript")
    os.close(reader)
    os.close(writer)


def test_no_python(session):
    session.client("run", "--job", "sleep", "--", "/bin/sleep", "1000")
    with session.peer() as peer:
        refused(lambda: remote_exec(peer, session, "sleep", ""), "NotPython")


def test_processes(session):
    job = session.run_counter("count")
    with session.peer() as peer:
        processes = peer.call(job_path("count"), JOB, "ListProcesses")
    assert len(processes) == 1
    pid, parent, state, version, command = processes[0]
    assert (pid, parent) == (job.PID, job.ParentPID)
    assert state in "RSD"
    assert version.startswith("3.14.")
    assert str(JOBS / "counter.py") in command


def test_processes_of_a_family(session):
    child = session.run_family()
    main = session.get_property(job_path("family"), JOB, "PID")
    with session.peer() as peer:
        processes = {process[0]: process for process in peer.call(job_path("family"), JOB, "ListProcesses")}
    assert set(processes) == {main, child}
    assert processes[child][1] == main
    assert processes[child][3] == ""
    assert processes[child][4] == "/bin/sleep 1000"
