# SPDX-License-Identifier: LGPL-2.1-or-later
"""The ends that a debugging session may have, on jobs that are blocked, and then the next session: the job is never left traced or stopped."""

import os
import random
import signal
import subprocess
import time

import pexpect
import pytest
from support import matrix, probe, process, wait
from support.session import CLIENT, pid_alive

# What is looked at in which job: its main thread sleeps; or it waits for a lock, and another thread sleeps.
LOCALS = {"sleep": "'sleeper'", "lock-helped": "'helper'"}


def start(session, kind, seconds=1000, python="python3.14"):
    """A job that is blocked."""
    report = session.folder / "report"
    session.start_job("job", [python, matrix.SOURCE, kind, seconds, report])
    pid = session.list()["job"][3]
    matrix.wait_blocked(pid, report, matrix.CASES[kind].busy)
    return pid, report


def look(session, kind):
    """A session at its prompt, in the frame that is blocked."""
    pdb = session.attach("job")
    if kind == "lock-helped":
        pdb.command("up 99")
        pdb.command("down 3")
    assert pdb.command("p local") == LOCALS[kind]
    return pdb


def debugger(session):
    """The process that has the terminal."""
    return next(pid for pid, command in session.processes() if "attach.py" in command)


def debuggers(session):
    """The client's processes."""
    return [pid for pid, command in session.processes() if "attach" in command and "helicopter-parent" not in command]


@pytest.mark.parametrize("kind", LOCALS)
@pytest.mark.parametrize("how", ["quit", "eof", "interrupt", "hangup", "kill-client", "kill-debugger", "terminate"])
def test_end_and_again(session, kind, how):
    start(session, kind)
    for _ in range(2):
        pdb = look(session, kind)
        end(session, pdb, how)
        probe.nothing_is_left(session, "job")
    look(session, kind).quit()
    assert session.list()["job"][2] == "running"


def end(session, pdb, how):
    if how == "quit":
        assert "etached" in pdb.quit()
    elif how == "eof":
        pdb.terminal.sendeof()
        pdb.finish()
    elif how == "interrupt":
        # One that comes between readline's prompt and its waiting is not seen before the next key (CPython 3.14).
        wait.until(lambda: matrix.look(debugger(session)), "the debugger waits for a key")
        pdb.terminal.sendintr()
        pdb._prompt()
        assert pdb.command("p 6 * 7") == "42"
        pdb.quit()
    elif how == "hangup":
        pdb.terminal.close()
    else:
        number = signal.SIGTERM if how == "terminate" else signal.SIGKILL
        for pid, command in session.processes():
            if (str(CLIENT) in command) if how != "kill-debugger" else ("attach.py" in command):
                os.kill(pid, number)
        pdb.terminal.expect(pexpect.EOF)
        pdb.terminal.close()
    wait.until(lambda: not debuggers(session), lambda: f"the debugger ends: {session.processes()}")


def test_interrupt_before_the_prompt(session):
    """The job is in C code for a while. Nothing of the script that waited is run afterwards."""
    pid, report = start(session, "c-call", 3)
    terminal = session.spawn(CLIENT, "attach", "job")
    wait.until(lambda: session.list()["job"][4], "the lease is given")
    terminal.sendintr()
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus not in (0, None) or terminal.signalstatus == signal.SIGINT
    assert "Traceback" not in terminal.before
    wait.until(lambda: session.list()["job"][4] == 0, "the lease ends")
    session.wait_state("job", "exited")
    said = report.read_text()
    assert '"debugged": false' in said, said


@pytest.mark.parametrize("kind", LOCALS)
@pytest.mark.parametrize("who", ["client", "debugger"])
def test_killed_at_any_moment(session, kind, who):
    """At once, or while it asks, waits, has its prompt; and then another session."""
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    pid, report = start(session, kind)
    for attempt in range(12):
        client = subprocess.Popen([CLIENT, "attach", "job"], env=session.env, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL, start_new_session=True)
        time.sleep(chance.uniform(0, 0.5))  # no event is waited for: the moment is the test's parameter
        victims = [client.pid] if who == "client" else [one for one in debuggers(session) if one != client.pid]
        for victim in victims or [client.pid]:
            os.kill(victim, signal.SIGKILL)
        client.stdin.close()
        client.wait(wait.SECONDS)
        wait.until(lambda: not debuggers(session), lambda: f"the debugger ends: {session.processes()}")
        if attempt % 4 == 3:
            probe.nothing_is_left(session, "job")
    look(session, kind).quit()
    probe.nothing_is_left(session, "job")
    assert pid_alive(pid) and not report.exists()


def test_killed_with_something_unread(session):
    """The job's connection is reset then, not closed, in the middle of a step: that is not the job's business."""
    job = session.run_counter("job")
    pid = job.PID
    pdb = session.attach("job")
    pdb.command("next")
    waiting = wait.until(lambda: matrix.look(pid), "the job waits for a command")
    pdb.terminal.sendline("p __import__('time').sleep(0.5)")
    wait.until(lambda: matrix.look(pid) not in (None, waiting), "the job is at the command")
    victim = debugger(session)
    process.stop(victim)
    wait.until(lambda: matrix.look(pid) == waiting, "the job has answered")
    os.kill(victim, signal.SIGKILL)
    pdb.terminal.expect(pexpect.EOF)
    pdb.terminal.close()
    job.counts_on()
    probe.nothing_is_left(session, "job")


@pytest.mark.parametrize("kind", LOCALS)
def test_daemon_is_killed_meanwhile(session, kind):
    """The session goes on without it, and can be left; a new daemon gives the next."""
    pid, _report = start(session, kind)
    pdb = look(session, kind)
    session.kill_daemon()
    assert pdb.command("p local") == LOCALS[kind]
    assert "blocked" in pdb.command("where") or kind == "lock-helped"
    pdb.terminal.sendline("quit")
    pdb.terminal.expect(pexpect.EOF)
    pdb.terminal.close()
    assert "Traceback" not in pdb.terminal.before
    session.start_daemon()
    session.wait_state("job", "running")
    probe.nothing_is_left(session, "job")
    look(session, kind).quit()
    assert pid_alive(pid)


def test_two_who_want_the_same(session):
    """The second is refused while the first is at its prompt, and gets the job afterwards."""
    start(session, "sleep")
    first = look(session, "sleep")
    assert "pid" in session.refused("attach", "job")
    assert first.command("p local") == LOCALS["sleep"]
    first.quit()
    look(session, "sleep").quit()
