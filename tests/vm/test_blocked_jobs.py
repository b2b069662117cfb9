# SPDX-License-Identifier: LGPL-2.1-or-later
"""Jobs whose main thread is blocked, and other tracers than pdb, under Yama."""

import pytest
from support import wait
from support.ptrace import may_trace
from support.session import JOB, JOBS, job_path

# A job that lets one process trace it for its own reasons, as PyTorch's CUDA IPC does; then it sleeps.
CHOOSY = """
import ctypes, sys, time
def work():
    local = 42
    ctypes.CDLL(None).prctl(0x59616d61, ctypes.c_ulong(int(sys.argv[1])), 0, 0, 0)
    open(sys.argv[2], "w").write("set")
    while True:
        time.sleep(1000)
work()
"""


# A process that tells, for each pid on its stdin, whether it may trace that one.
TELL = """
import sys
from support.ptrace import may_trace
for line in sys.stdin:
    print(may_trace(int(line)), flush=True)
"""


def blocked(session, kind):
    """A job whose main thread is blocked; its pid."""
    file = session.folder / f"{kind}.about"
    session.client("run", "--job", kind, "--", "python3.14", JOBS / "blocked_thread.py", kind, file)
    wait.until(file.exists, "the job is about to wait")
    return session.get_property(job_path(kind), JOB, "PID")


def test_prompt_in_a_job_that_sleeps(session):
    pid = blocked(session, "sleep")
    for _ in range(2):
        pdb = session.attach("sleep")
        assert "ermission granted" in pdb.greeting
        assert pdb.number("local") == 42
        assert "time.sleep(1000)" in pdb.command("where")
        pdb.quit()
        assert not may_trace(pid)
    assert session.get_property(job_path("sleep"), JOB, "State") == "running"


def test_prompt_in_another_thread(session):
    blocked(session, "lock-sleep")
    pdb = session.attach("lock-sleep")
    assert "lock" in pdb.greeting
    assert "helper" in pdb.command("where")
    pdb.quit()


def test_stack_of_a_deadlocked_job(session):
    pid = blocked(session, "lock")
    assert "blocked_thread.py" in session.client("stack", "lock").stdout
    assert not may_trace(pid)


def test_other_tracers_have_the_lease_for_as_long_as_they_run(session):
    job = session.run_counter("count")
    pid = job.PID
    assert wait.run("strace", "-p", pid, "-o", "/dev/null", check=False, timeout=60).returncode != 0
    gdb = session.client("exec", "--job", "count", "--", "gdb", "-p", "{pid}", "-batch", "-ex", "info proc", timeout=240)
    assert f"process {pid}" in gdb.stdout
    job.counts_on()
    assert not may_trace(pid)


@pytest.mark.parametrize("way", [(), ("--no-grant",)])
def test_the_jobs_own_setting(session, way):
    """A grant takes the place of what the job itself has set; --no-grant leaves it as it is."""
    waiting = session.python(TELL)

    def chosen_may_trace():
        waiting.stdin.write(f"{pid}\n")
        waiting.stdin.flush()
        return waiting.stdout.readline().strip() == "True"

    script, file = session.folder / "choosy.py", session.folder / "set"
    script.write_text(CHOOSY)
    session.client("run", "--job", "choosy", "--", "python3.14", script, waiting.pid, file)
    wait.content(file, "the job has set it")
    pid = session.get_property(job_path("choosy"), JOB, "PID")
    try:
        assert chosen_may_trace()
        pdb = session.attach("choosy", *way)
        assert pdb.number("local") == 42
        assert not may_trace(pid)
        pdb.quit()
        assert chosen_may_trace() == bool(way)
    finally:
        waiting.communicate()


def test_a_script_needs_no_permission(session):
    pid = blocked(session, "sleep")
    script = session.folder / "script.py"
    script.write_text("print(6 * 7)\n")
    assert session.client("inject", "sleep", script).stdout == "42\n"
    assert not may_trace(pid)
