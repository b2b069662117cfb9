# SPDX-License-Identifier: LGPL-2.1-or-later
"""list -l and status: where a job is now, and what it uses. (Lines in all sorts of code are in tests/unit/test-python-position.c.)"""

import json
import os
import signal
import time

import pytest
from support import process, wait
from support.sdbus import BusError
from support.session import CLIENT, ERROR, JOB, job_path

KEYS = {"file", "line", "function", "memory", "cpu", "workers"}

ASLEEP = """\
import time


class Epoch:
    def train(self):
        time.sleep(1000)


Epoch().train()
"""

DEADLOCKED = """\
import threading

lock = threading.Lock()


def wait():
    with lock:
        lock.acquire()


wait()
"""

COMPUTES = """\
def work(number):
    return number + 1


def loop():
    while True:
        max(work(number) for number in range(1000))


loop()
"""

# Every 20 ms on another line.
WANDERS = """\
import time
while True:
    time.sleep(0.02)
    time.sleep(0.02)
    time.sleep(0.02)
    time.sleep(0.02)
"""


def run(session, name, text, python="python3.14"):
    script = session.folder / f"{name}.py"
    script.write_text(text)
    session.client("run", "--job", name, "--", python, script)
    return str(script)


def listed(session, name):
    return next(job for job in json.loads(session.client("list", "-l", "--json").stdout) if job["name"] == name)


def place(job):
    return job["file"], job["line"], job["function"]


def where(session, name):
    with session.peer() as peer:
        return peer.call(job_path(name), JOB, "Where")


def comes_to(session, name, *expected):
    wait.until(lambda: place(listed(session, name)) == expected, lambda: f"job {name} is at {expected}, not {place(listed(session, name))}")


@pytest.mark.parametrize("python", ["python3.14", "python3.15", "python3.14-dbg", "python3.15-dbg"])
@pytest.mark.parametrize(("text", "line", "function"), [(ASLEEP, 6, "Epoch.train"), (DEADLOCKED, 8, "wait")], ids=["asleep", "deadlocked"])
def test_blocked(session, python, text, line, function):
    script = run(session, "job", text, python)
    comes_to(session, "job", script, line, function)
    status = json.loads(session.client("status", "--json").stdout)
    assert place(status) == (script, line, function)
    assert f"Where: {script}:{line} {function}\n" in session.client("status").stdout
    row = session.client("list", "-l").stdout.splitlines()[1]
    assert f"{script}:{line} {function}" in row and row.endswith(f"{python} {script}")


@pytest.mark.parametrize("python", ["python3.14", "python3.15"])
def test_busy(session, python):
    script = run(session, "job", COMPUTES, python)
    possible = {"work": (1, 2, None), "loop": (5, 6, 7, None), "loop.<locals>.<genexpr>": (7, None)}
    wait.until(lambda: listed(session, "job")["function"] in possible, "it has begun")
    seen = set()

    def moves():
        file, line, function = place(listed(session, "job"))
        assert file == script and line in possible[function], (file, line, function)
        seen.add((line, function))
        return len(seen) > 1

    wait.until(moves, "it is seen at more than one place")
    assert listed(session, "job")["cpu"] > 0


def test_stopped_and_left_stopped(session):
    script = run(session, "job", ASLEEP)
    comes_to(session, "job", script, 6, "Epoch.train")
    pid = listed(session, "job")["pid"]
    process.stop(pid)
    comes_to(session, "job", script, 6, "Epoch.train")
    process.wait_stopped(pid)


def test_while_somebody_debugs(session):
    script = run(session, "job", ASLEEP)
    comes_to(session, "job", script, 6, "Epoch.train")
    pdb = session.attach("job")
    job = listed(session, "job")
    assert job["tracer_pid"] and job["file"], "it waits for the debugger, in pdb"
    pdb.quit()
    comes_to(session, "job", script, 6, "Epoch.train")


def test_workers(session):
    session.client("run", "--job", "family", "--", "python3.14", "-c", "import os, time\nfor _ in range(3): os.fork()\ntime.sleep(1000)")
    wait.until(lambda: listed(session, "family")["workers"] == 7, "there are seven others")
    assert listed(session, "family")["memory"] > 8 * 2 ** 20
    assert "Workers: 7\n" in session.client("status").stdout


def test_no_python(session):
    session.client("run", "--job", "plain", "--", "/bin/sleep", "1000")
    job = listed(session, "plain")
    assert place(job) == (None, None, None)
    assert 0 < job["memory"] < 2 ** 30 and job["cpu"] >= 0 and job["workers"] == 0
    assert "Where:" not in session.client("status").stdout


def test_ended(session):
    session.client("run", "--wait", "--job", "done", "--", "/bin/true")
    job = listed(session, "done")
    assert {job[key] for key in KEYS} == {None}
    assert session.client("list", "-l").stdout.splitlines()[1].split()[0] == "done"
    done = session.client("status", "done", "--json", check=False)
    assert done.returncode == 3 and KEYS <= json.loads(done.stdout).keys()
    with pytest.raises(BusError) as error:
        where(session, "done")
    assert error.value.name == ERROR + "TargetGone"


def test_plain_list_does_without(session):
    run(session, "job", ASLEEP)
    (job,) = json.loads(session.client("list", "--json").stdout)
    assert not KEYS & job.keys()
    assert session.client("list").stdout.splitlines()[0].split() == ["NAME", "STATE", "PID", "STARTED", "TRACER", "COMMAND"]


def test_policy_none(session):
    """Nobody looks into such a job."""
    script = session.folder / "job.py"
    script.write_text(ASLEEP)
    session.client("run", "--grant-policy", "none", "--job", "job", "--", "python3.14", script)
    job = listed(session, "job")
    assert place(job) == (None, None, None) and job["memory"] > 0
    with session.peer() as peer:
        peer.call(job_path("job"), JOB, "SetGrantPolicy", "s", "same-user")
    comes_to(session, "job", str(script), 6, "Epoch.train")
    with session.peer() as peer:
        peer.call(job_path("job"), JOB, "SetGrantPolicy", "s", "none")
    wait.until(lambda: place(listed(session, "job")) == (None, None, None), "it is not told any more")


def test_remote_debugging_switched_off(session):
    """Which is about running code in the job."""
    script = session.folder / "job.py"
    script.write_text(ASLEEP)
    session.client("run", "-E", "PYTHON_DISABLE_REMOTE_DEBUG=1", "--job", "job", "--", "python3.14", script)
    comes_to(session, "job", str(script), 6, "Epoch.train")


def test_is_looked_for_twice_a_second_at_most(session):
    script = run(session, "job", WANDERS)
    wait.until(lambda: listed(session, "job")["file"] == script, "it has begun")
    began, answers = time.monotonic(), []
    with session.peer() as peer:
        while len(set(answers)) < 3:
            for _ in range(100):
                found = peer.call(job_path("job"), JOB, "Where")
                if not answers or answers[-1] != found["line"]:
                    answers.append(found["line"])
    assert len(answers) - 1 <= (time.monotonic() - began) / 0.5 + 1


def test_parent_that_does_not_answer(session):
    """Its cells are empty, those of the others are not; it is not waited for again before it has said something."""
    for name in ("one", "two", "three"):
        run(session, name, ASLEEP)
        comes_to(session, name, str(session.folder / f"{name}.py"), 6, "Epoch.train")
    parent = listed(session, "two")["parent_pid"]
    os.kill(parent, signal.SIGSTOP)
    try:
        began = time.monotonic()
        jobs = {job["name"]: job for job in json.loads(session.client("list", "-l", "--json").stdout)}
        first = time.monotonic() - began
        assert {jobs["two"][key] for key in KEYS} == {None}
        assert jobs["one"]["line"] == jobs["three"]["line"] == 6
        wait.until(lambda: refusal(session, "two") == ERROR + "ParentLost", "the daemon has given it up, too")
        began = time.monotonic()
        assert listed(session, "two")["file"] is None
        assert time.monotonic() - began < first
    finally:
        os.kill(parent, signal.SIGCONT)
    comes_to(session, "two", str(session.folder / "two.py"), 6, "Epoch.train")


def refusal(session, name):
    try:
        where(session, name)
        return None
    except BusError as error:
        return error.name


@pytest.mark.parametrize("session", ["bus", "no bus"], indirect=True)
def test_many_jobs(session):
    """More than may be asked about at the same time."""
    with session.peer() as peer:
        for number in range(100):
            session.start_job(f"job{number}", ["/bin/sleep", "86400"], connection=peer)
    jobs = json.loads(session.client("list", "-l", "--json").stdout)
    assert len(jobs) == 100 and all(job["memory"] and job["workers"] == 0 for job in jobs)


# The table on a terminal.


def shown(session, columns, *words, **env):
    """The lines that the client writes on a terminal of that width."""
    terminal = session.spawn(CLIENT, *words, env=env, dimensions=(50, columns))
    return terminal.read().replace("\r\n", "\n").splitlines()


@pytest.mark.parametrize("columns", [80, 110, 250])
def test_table_fits_the_terminal(session, columns):
    folder = session.folder / "home" / "a_folder_with_a_long_name" / "another_one"
    folder.mkdir(parents=True)
    script = folder / "train.py"
    script.write_text(ASLEEP)
    session.client("run", "--job", "job", "--", "python3.14", script)
    session.client("run", "--job", "plain", "--", "/bin/sleep", "86400")
    comes_to(session, "job", str(script), 6, "Epoch.train")
    lines = shown(session, columns, "list", "--long")
    assert len(lines) == 3 and all(len(line) <= columns for line in lines), lines
    cell = next(line for line in lines if line.startswith("job "))[lines[0].index("WHERE"):]
    if columns == 80:
        assert cell in ("train.py:6", "~/…/train.py:6", "train.py:6 Epoch.train")
    elif columns < 250:
        assert cell == "~/…/another_one/train.py:6 Epoch.train"
    else:
        assert cell.startswith(f"~/{script.relative_to(session.folder / 'home')}:6 Epoch.train  python3.14 ")
    assert ("COMMAND" in lines[0]) == (columns == 250)


def test_colours(session):
    session.run_counter("count")
    coloured = "\n".join(shown(session, 80, "status", TERM="vt100", NO_COLOR=""))
    assert "\033[1;32m" in coloured
    assert "\033[" not in "\n".join(shown(session, 80, "status", TERM="vt100", NO_COLOR="1"))
    assert "\033[" not in "\n".join(shown(session, 80, "status", TERM="dumb", NO_COLOR=""))
    assert "\033[" not in session.client("status", env={"TERM": "vt100", "NO_COLOR": ""}).stdout
