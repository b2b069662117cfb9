# SPDX-License-Identifier: LGPL-2.1-or-later
"""stack: what the threads of a job are doing, whatever state it is in."""

import json
import os
import signal

import pytest
from support import process, wait
from support.session import JOBS

DEADLOCK = """\
import threading


def first():
    with one:
        barrier.wait()
        two.acquire()


def second():
    with two:
        barrier.wait()
        one.acquire()


one, two, barrier = threading.Lock(), threading.Lock(), threading.Barrier(3)
threads = [threading.Thread(target=first), threading.Thread(target=second)]
for thread in threads:
    thread.start()
barrier.wait()
open(__file__ + ".ready", "w").close()
threads[0].join()
"""


@pytest.mark.parametrize("python", ["python3.14", "python3.15", "python3.14-dbg"])
def test_running(session, python):
    job = session.run_counter("count", python)
    for _ in range(3):
        lines = session.client("stack", "count").stdout.splitlines()
        assert lines[0] == f"Thread {job.PID} (main)"
        assert lines[-1].startswith(f'  File "{JOBS / "counter.py"}", line ')
        assert lines[-1].endswith(", in <module>")
        assert any(line.endswith(", in work") for line in lines)
    wait.until(lambda: job.TracerPID == 0, "the lease ends")
    job.counts_on()


@pytest.mark.parametrize("python", ["python3.14", "python3.15"])
def test_json(session, python):
    job = session.run_counter("count", python)
    found = json.loads(session.client("stack", "--json").stdout)
    assert found["pid"] == job.PID
    assert found["python_version"].startswith(python.removeprefix("python"))
    (thread,) = found["threads"]
    assert (thread["tid"], thread["main"]) == (job.PID, True)
    assert [frame["function"] for frame in thread["frames"]] == ["work", "<module>"]
    assert all(frame["file"] == str(JOBS / "counter.py") and frame["line"] > 1 for frame in thread["frames"])


@pytest.mark.parametrize("python", ["python3.14", "python3.15"])
def test_deadlocked(session, python):
    script = session.folder / "deadlock.py"
    script.write_text(DEADLOCK)
    session.client("run", "--job", "dead", "--", python, script)
    wait.until((session.folder / "deadlock.py.ready").exists, "the job is there")

    def threads():
        found = json.loads(session.client("stack", "dead", "--json").stdout)["threads"]
        lines = {frame["line"] for thread in found for frame in thread["frames"] if frame["file"] == str(script)}
        return found if {7, 13} <= lines else None

    found = wait.until(threads, "both threads wait for each other")
    assert found[0]["main"] and sum(thread["main"] for thread in found) == 1
    assert len(found) == 3


def test_stopped_and_left_stopped(session):
    job = session.run_counter("count")
    process.stop(job.PID)
    assert "in work" in session.client("stack", "count").stdout
    process.wait_stopped(job.PID)
    os.kill(job.PID, signal.SIGCONT)
    job.counts_on()


def test_of_a_worker(session):
    script = "import os, time\nif os.fork() == 0:\n    os.execlp('python3.15', 'python3.15', '-c', 'import time\\nwhile 1: time.sleep(0.1)')\ntime.sleep(1000)"
    session.client("run", "--job", "boss", "--", "python3.14", "-c", script)

    def worker():
        found = json.loads(session.client("ps", "boss", "--json").stdout)
        return [row for row in found if (row["python_version"] or "").startswith("3.15")]

    (row,) = wait.until(worker, "the worker is there")
    found = json.loads(session.client("stack", "--pid", row["pid"], "--json").stdout)
    assert found["pid"] == row["pid"]
    assert found["python_version"].startswith("3.15")


@pytest.mark.reaches("Client.Error.NoInterpreter")
def test_no_python(session):
    session.client("run", "--job", "sleep", "--", "/bin/sleep", "1000")
    assert "not a Python interpreter" in session.refused("stack", "sleep", code=1)


def test_while_it_is_debugged(session):
    session.run_counter("count")
    pdb = session.attach("count")
    assert "traced by" in session.refused("stack", "count", code=1)
    pdb.quit()


def test_usage(session):
    assert "number of a process" in session.refused("stack", "--pid=-1", code=2)
    assert "number of seconds" in session.refused("stack", "--timeout=-1", code=2)
    session.refused("stack", "nobody", code=1)
    assert "--json" in session.client("stack", "--help").stdout
