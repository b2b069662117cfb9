# SPDX-License-Identifier: LGPL-2.1-or-later
"""pdb on a job, by its name. There is no Yama in the test bed's chroot: nothing has to be permitted, and the client says so."""

import os
import signal

import pexpect
import pytest
from support import wait
from support.session import CLIENT, JOB, JOBS, Pdb, exit_code, job_path


@pytest.mark.parametrize("python", ["python3.14", "python3.15"])
def test_attach_look_detach(session, python):
    job = session.run_counter("count", python)
    pdb = session.attach("count")
    assert "counter.py" in pdb.greeting
    assert "work" in pdb.command("where")
    first = pdb.number("counter")
    pdb.command("next")
    pdb.command("next")
    pdb.command("next")
    pdb.command("next")
    assert first <= pdb.number("counter") <= first + 2
    text = pdb.quit()
    assert "etached" in text and "running" in text
    job.counts_on()


def test_attach_again(session):
    job = session.run_counter("count")
    numbers = []
    for _ in range(3):
        pdb = session.attach("count")
        numbers.append(pdb.number("counter"))
        pdb.quit()
        job.counts_on()
    assert numbers == sorted(set(numbers))


def test_a_value_is_changed(session):
    job = session.run_counter("count")
    pdb = session.attach("count")
    pdb.command("counter = 1000000")
    pdb.quit()
    wait.until(lambda: job.counter() > 1000000, "the job goes on from the changed value")


def test_continue_and_interrupt(session):
    """^C while the job runs brings the prompt back; the job survives it."""
    job = session.run_counter("count")
    pdb = session.attach("count")
    pdb.terminal.sendline("continue")
    job.counts_on()
    pdb.terminal.sendintr()
    pdb._prompt()
    assert pdb.number("counter") > 0
    pdb.quit()
    job.counts_on()


def test_breakpoint(session):
    job = session.run_counter("count")
    pdb = session.attach("count")
    line = next(number for number, text in enumerate((JOBS / "counter.py").read_text().splitlines(), 1) if "counter += 1" in text)
    assert "Breakpoint" in pdb.command(f"break {JOBS / 'counter.py'}:{line}")
    pdb.terminal.sendline("continue")
    assert "counter += 1" in pdb._prompt()
    pdb.command("clear 1")
    pdb.quit()
    job.counts_on()


@pytest.mark.parametrize("how", ["eof", "hangup", "SIGKILL"])
def test_every_end_of_the_client_detaches(session, how):
    job = session.run_counter("count")
    pdb = session.attach("count")
    if how == "eof":
        pdb.terminal.sendeof()
        pdb.finish()
    elif how == "hangup":
        pdb.terminal.close()
    else:
        for pid, command in session.processes():
            if str(CLIENT) in command:
                os.kill(pid, signal.SIGKILL)
        pdb.terminal.expect(pexpect.EOF)
    wait.until(lambda: job.TracerPID == 0, "the lease ends")
    job.counts_on()
    session.attach("count").quit()


def test_tracer_is_shown_while_it_is_attached(session):
    job = session.run_counter("count")
    pdb = session.attach("count")
    assert job.TracerPID > 0
    assert job.TracerCommand
    assert session.list()["count"][4] == job.TracerPID
    pdb.quit()
    assert (job.TracerPID, job.TracerCommand) == (0, "")


def test_python_version_is_known_afterwards(session):
    job = session.run_counter("count", "python3.15")
    session.attach("count").quit()
    assert job.PythonVersion.startswith("3.15.")


def test_only_job_need_not_be_named(session):
    session.run_counter("count")
    Pdb(session.spawn(CLIENT, "attach")).quit()
    Pdb(session.spawn(CLIENT, "attach", "count")).quit()


def test_prompt_attach(session):
    """The seed's session: attach, pdb, quit, quit."""
    job = session.run_counter("count")
    terminal = session.prompt()
    terminal.sendline("attach")
    pdb = Pdb(terminal)
    assert pdb.number("counter") > 0
    terminal.sendline("quit")
    terminal.expect("(?i)detached")
    terminal.expect_exact(">>> ")
    job.counts_on()
    terminal.sendline("attach count")
    pdb = Pdb(terminal)
    terminal.sendline("quit")
    terminal.expect_exact(">>> ")
    terminal.sendline("quit")
    assert exit_code(terminal) == 0
    job.counts_on()


def test_nothing_to_permit_is_said(session):
    session.run_counter("count")
    pdb = session.attach("count")
    assert "No permission is needed" in pdb.greeting
    pdb.quit()


def test_job_ends_while_attached(session):
    job = session.run_counter("count")
    pdb = session.attach("count")
    os.kill(job.PID, signal.SIGKILL)
    pdb.terminal.expect(pexpect.EOF)
    pdb.terminal.close()
    session.wait_state("count", "failed")
    assert session.get_property(job_path("count"), JOB, "ExitSignal") == signal.SIGKILL


def in_tmp():
    """What is in /tmp beside the folders of tests, of which others may run."""
    return {name for name in os.listdir("/tmp") if not name.startswith(("hc-", "pytest-"))}


def test_attach_leaves_nothing_behind(session):
    """No file, no process, no environment variable of the debugger's in the job."""
    job = session.run_counter("count")
    before = {command for _, command in session.processes()}
    files = in_tmp()
    session.attach("count").quit()
    assert {command for _, command in session.processes()} == before
    assert in_tmp() <= files
    pdb = session.attach("count")
    assert pdb.command("p [name for name in globals() if not name.startswith('__')]") == str(["os", "sys", "time", "work"])
    pdb.quit()
    job.counts_on()


def test_attach_by_two_scripts_in_a_row(session):
    """Without a terminal, commands come from a pipe."""
    session.run_counter("count")
    for _ in range(2):
        done = session.client("attach", "count", stdin=None, input="p 6 * 7\nquit\n")
        assert "42" in done.stdout


def test_job_that_was_just_started(session):
    """It is importing what pdb imports, too."""
    script = "import random, inspect, asyncio, time\nwhile True: time.sleep(0.01)"
    for number in range(6):
        session.client("run", "--job", f"new{number}", "--", "python3.14", "-c", script)
        done = session.client("attach", f"new{number}", "-c", "quit")
        assert "still running" in done.stdout + done.stderr
        assert session.list()[f"new{number}"][2] == "running"


LONG_CALLS = """
import hashlib, pathlib, sys
rounds = 200_000
def call():
    hashlib.pbkdf2_hmac("sha256", b"", b"", rounds)
import time
began = time.monotonic()
call()
rounds = int(rounds * 1.5 / (time.monotonic() - began))
calls = 0
while True:
    pathlib.Path(sys.argv[1]).write_text(str(calls))
    call()
    calls += 1
"""


def test_job_in_long_calls(session):
    """It comes back to Python now and then only: at the first such moment it is in the debugger."""
    script = session.folder / "long_calls.py"
    script.write_text(LONG_CALLS)
    job = session.run_counter("long", script=script)
    before = job.counter()
    wait.until(lambda: job.counter() != before, "a call has ended")
    calls = job.counter()
    done = session.client("attach", "long", "-c", "p 'calls', calls", "-c", "quit")
    assert f"('calls', {calls})" in done.stdout, done.stdout
