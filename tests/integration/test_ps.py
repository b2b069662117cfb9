# SPDX-License-Identifier: LGPL-2.1-or-later
"""ps: a job's processes as a tree."""

import json
import os
import signal

from support import wait

FAMILY = """\
import os, subprocess, sys, time
subprocess.Popen(["python3.15", "-c", "import time\\nwhile True: time.sleep(0.1)"])
if os.fork() == 0:
    if os.fork() == 0:
        os.execlp("sleep", "sleep", "1234")
    open(sys.argv[1], "w").write(str(os.getpid()))
    time.sleep(1000)
while True:
    time.sleep(0.1)
"""


def start(session):
    mark = session.folder / "middle"
    session.client("run", "--job", "family", "--", "python3.14", "-c", FAMILY, mark)
    wait.content(mark, "the family is there")
    wait.until(lambda: len(rows(session)) == 4 and sum(bool(row["python_version"]) for row in rows(session)) == 3, "all have begun")
    return int(mark.read_text())


def rows(session):
    return json.loads(session.client("ps", "family", "--json").stdout)


def test_tree(session):
    middle = start(session)
    lines = session.client("ps", "family").stdout.splitlines()
    assert lines[0].split() == ["PID", "STATE", "PYTHON", "COMMAND"]
    main = int(session.get_property("/org/helicopter1/job/family", "org.helicopter1.Job", "PID"))
    assert lines[1].split()[0] == str(main)
    column = lines[0].index("COMMAND")
    indents = {line.split()[0]: len(line[column:]) - len(line[column:].lstrip()) for line in lines[1:]}
    assert indents[str(main)] == 0
    assert indents[str(middle)] == 2
    assert sorted(indents.values()) == [0, 2, 2, 4]
    assert lines[1].split()[2].startswith("3.14.")
    sleeper = next(line for line in lines if "sleep 1234" in line)
    assert sleeper.split()[1:3] == ["sleeping", "-"]


def test_json(session):
    middle = start(session)
    found = rows(session)
    assert all(set(row) == {"pid", "parent_pid", "state", "python_version", "command"} for row in found)
    by_pid = {row["pid"]: row for row in found}
    assert by_pid[middle]["parent_pid"] == found[0]["pid"]
    assert [row["python_version"] for row in found if "sleep 1234" in row["command"]] == [None]
    assert sum((row["python_version"] or "").startswith("3.15.") for row in found) == 1


def test_orphan_stays_in_sight(session):
    middle = start(session)
    os.kill(middle, signal.SIGKILL)
    wait.until(lambda: any("sleep 1234" in row["command"] and row["parent_pid"] not in {other["pid"] for other in rows(session)}
                           for row in rows(session)), "it was taken in")
    lines = session.client("ps", "family").stdout.splitlines()
    line = next(line for line in lines if "sleep 1234" in line)
    assert line.index("sleep 1234") == lines[0].index("COMMAND")


def test_stopped(session):
    job = session.run_counter("count")
    os.kill(job.PID, signal.SIGSTOP)
    wait.until(lambda: session.client("ps", "count").stdout.splitlines()[1].split()[1] == "stopped", "it is seen to be stopped")
    os.kill(job.PID, signal.SIGCONT)


def test_refusals(session):
    session.refused("ps", "nobody", code=1)
    session.client("run", "--wait", "--job", "done", "--", "/bin/true")
    session.refused("ps", "done", code=1)
    session.refused("ps", "a", "b", code=2)
    assert "--json" in session.client("ps", "--help").stdout
