# SPDX-License-Identifier: LGPL-2.1-or-later
"""Where a job is and what it uses, under Yama and as a unit."""

import json

from support import wait
from support.session import JOB, PARENT, job_path, unit

ASLEEP = "import time\n\ntime.sleep(100000)\n"
COMPUTES = "def work(n):\n    return n + 1\nwhile True: work(1)\n"
SLACK = 8 << 20  # bytes, that the kernel may count later


def run(session, name, text, *options):
    script = session.folder / f"{name}.py"
    script.write_text(text)
    session.client("run", *options, "--job", name, "--", "python3.14", script)
    return str(script)


def where(session, name):
    with session.peer() as peer:
        return peer.call(job_path(name), JOB, "Where")


def usage(session, name):
    """The service manager's own figures: bytes, and microseconds."""
    found = session.show(unit(name), "MemoryCurrent", "CPUUsageNSec")
    return int(found["MemoryCurrent"]), int(found["CPUUsageNSec"]) // 1000


def changed(session, name):
    """What is told after it was looked for anew."""
    before = where(session, name)
    return wait.until(lambda: (found := where(session, name)) != before and found, "another answer comes")


def test_without_a_permission(session):
    script = run(session, "job", ASLEEP)
    wait.until(lambda: where(session, "job").get("line") == 3, "it is seen where it sleeps")
    assert session.get_property(job_path("job"), JOB, "TracerPID") == 0
    (listed,) = json.loads(session.client("list", "-l", "--json").stdout)
    assert (listed["file"], listed["line"], listed["function"]) == (script, 3, "<module>")
    assert f"Where: {script}:3 <module>\n" in session.client("status").stdout


def test_usage_is_that_of_the_unit(session):
    run(session, "job", COMPUTES)
    wait.until(lambda: where(session, "job").get("function"), "it computes")
    _, before = usage(session, "job")
    found = changed(session, "job")
    memory, after = usage(session, "job")
    assert before <= found["cpu"] <= after
    assert abs(found["memory"] - memory) < SLACK


def test_usage_of_workers_that_have_ended(session):
    """They were in the unit, too."""
    run(session, "job", "import os, time\nif os.fork() == 0:\n    if os.fork() == 0:\n        while time.process_time() < 0.5: pass\n    os._exit(0)\n"
                        "os.wait()\ntime.sleep(100000)\n")
    wait.until(lambda: where(session, "job")["cpu"] > 500_000 and where(session, "job")["workers"] == 0, "its worker has ended", 4 * wait.SECONDS)


def test_usage_without_a_unit_is_that_of_the_processes(session):
    """Not that of whatever the parent was started in."""
    with session.process(PARENT, "--job", "job", "--", "/bin/sleep", "100000") as parent:
        session.wait_state("job", "running")
        assert where(session, "job")["memory"] < 20 << 20
        ours = bytearray(64 << 20)
        ours[::4096] = b"x" * (len(ours) // 4096)
        assert where(session, "job")["memory"] < 20 << 20
        parent.terminate()


def test_scope_2(session, scope):
    """Then no user may look into a process, and the rest is told."""
    run(session, "job", ASLEEP)
    wait.until(lambda: where(session, "job").get("line") == 3, "it is seen where it sleeps")
    scope(2)
    found = wait.until(lambda: (now := where(session, "job")) and "file" not in now and now, "it is not told any more")
    assert found["memory"] > 0 and found["workers"] == 0
    scope(1)
    wait.until(lambda: where(session, "job").get("line") == 3, "it is again")


def test_unit_of_ones_own(session):
    """A unit that was not started by the daemon has figures of its own as well."""
    folder = session.folder
    script = folder / "job.py"
    script.write_text(ASLEEP)
    wait.run("systemd-run", "--user", "--unit=helicopter-test-own", "--", PARENT, "--job", "own", "--", "python3.14", script, env=session.env)
    try:
        session.wait_state("own", "running")
        wait.until(lambda: where(session, "own").get("line") == 3, "it is seen where it sleeps")
        memory = int(session.show("helicopter-test-own.service", "MemoryCurrent")["MemoryCurrent"])
        assert abs(where(session, "own")["memory"] - memory) < SLACK
    finally:
        session.systemctl("stop", "helicopter-test-own.service", check=False)
