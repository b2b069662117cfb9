# SPDX-License-Identifier: LGPL-2.1-or-later
"""A debugger's session and its ends: none of them may harm the job."""

import os
import signal

import pexpect
import pytest
from support import process, wait
from support.session import CLIENT, exit_code

NAPPER = """\
import signal
import sys
import time


def work(file):
    pause = 0.05
    counter = 0
    while True:
        counter += 1
        with open(file, "w", encoding="ascii") as output:
            output.write(str(counter))
        with open(file + ".handler", "w", encoding="ascii") as output:
            output.write("own" if signal.getsignal(signal.SIGINT) is signal.default_int_handler else "other")
        time.sleep(pause)
        pause = 0.05


signal.signal(signal.SIGINT, signal.default_int_handler)
work(sys.argv[1])
"""


def run_napper(session, python="python3.14"):
    """A counting job that looks whether its handler of SIGINT is its own, and can be told to sleep longer."""
    script = session.folder / "napper.py"
    script.write_text(NAPPER)
    return session.run_counter("nap", python, script=script)


def put_to_sleep(session, job, seconds):
    """Have the job sleep that long, once; return the debugger, just before that."""
    pdb = session.attach("nap")
    pdb.command("tbreak napper.py:15")
    pdb.terminal.sendline("continue")
    assert "time.sleep(pause)" in pdb._prompt()
    pdb.command(f"pause = {seconds}")
    return pdb


def in_nanosleep(pid):
    return process.system_call(pid).split()[0] == "230"  # clock_nanosleep on x86-64


@pytest.mark.parametrize("python", ["python3.14", "python3.15"])
def test_interrupt_of_next(session, python):
    """^C while the job is in the line that `next` runs: the prompt, there, and no KeyboardInterrupt in the job."""
    job = run_napper(session, python)
    pdb = put_to_sleep(session, job, 5)
    pdb.terminal.sendline("next")
    wait.until(lambda: in_nanosleep(job.PID), "the job sleeps")
    pdb.terminal.sendintr()
    assert "interrupted" in pdb._prompt()
    assert "time.sleep(pause)" in pdb.command("where")
    pdb.quit()
    job.counts_on()
    assert "KeyboardInterrupt" not in session.job_output("nap")


def test_interrupts_are_the_jobs_own_again(session):
    """The job looks by itself."""
    job = run_napper(session)
    handler = session.folder / "nap.count.handler"
    for _ in range(2):
        pdb = session.attach("nap")
        pdb.terminal.sendline("continue")
        job.counts_on()  # or the terminal drops the line at the ^C
        pdb.terminal.sendintr()
        pdb._prompt()
        pdb.quit()
        job.counts_on()
        wait.until(lambda: handler.read_text() == "own", "the handler is put back")
    os.kill(job.PID, signal.SIGINT)
    session.wait_state("nap", "exited", "failed")
    assert "KeyboardInterrupt" in session.job_output("nap")


@pytest.mark.parametrize("python", ["python3.14", "python3.15"])
def test_debugger_killed_while_the_job_goes_on(session, python):
    """pdb in the job does not notice by itself, and would refuse the next one."""
    job = session.run_counter("count", python)
    pdb = session.attach("count")
    pdb.terminal.sendline("continue")
    job.counts_on()
    session.kill_client()
    pdb.terminal.expect(pexpect.EOF)
    wait.until(lambda: job.TracerPID == 0, "the lease ends")
    pdb = session.attach("count")
    assert pdb.number("counter") > 0
    pdb.quit()
    job.counts_on()


@pytest.mark.reaches("Client.Error.TakenOver")
def test_session_is_taken_over(session):
    """The first debugger is asked to leave, and its terminal is as it was."""
    job = session.run_counter("count")
    first = session.attach("count")
    second = session.attach("count", "--force")
    assert second.number("counter") > 0
    assert "taken over" in first.finish(code=1)
    second.quit()
    job.counts_on()


def test_job_that_does_not_answer(session):
    job = run_napper(session)
    put_to_sleep(session, job, 10).quit()
    done = session.client("attach", "nap", "--no-wake", "--timeout", "3", check=False)
    assert done.returncode == 1
    assert "did not get to it in time" in done.stderr
    job.counts_on()
    assert session.job_output("nap") == ""
    session.attach("nap").quit()


@pytest.mark.reaches("interrupted")
def test_interrupt_while_connecting(session):
    job = run_napper(session)
    put_to_sleep(session, job, 10).quit()
    terminal = session.spawn(CLIENT, "attach", "nap", "--no-wake")
    terminal.expect("queued")
    terminal.sendintr()
    terminal.expect_exact("interrupted; process")
    assert exit_code(terminal) == 1
    job.counts_on()
    assert session.job_output("nap") == ""
    session.attach("nap").quit()
    job.counts_on()


def test_prompt_after_a_session_that_ended(session):
    """The job ends while its debugger prompts, at the client's own prompt: that goes on, and echoes."""
    job = session.run_counter("count")
    terminal = session.prompt()
    terminal.sendline("attach count")
    terminal.expect(r"\(Pdb\) $")
    os.kill(job.PID, signal.SIGKILL)
    terminal.expect_exact("was ended by SIGKILL")
    terminal.expect_exact(">>> ")
    terminal.send("status count")
    terminal.expect_exact("status count")
    terminal.sendline("")
    terminal.expect_exact("failed")
    terminal.expect_exact(">>> ")
    terminal.sendeof()
    assert exit_code(terminal) == 0


def test_end_of_a_job_that_goes_on_is_told(session):
    """pdb's connection closes a moment before the process has ended."""
    script = "import time\nstop = False\nwhile not stop:\n    time.sleep(0.05)\nraise SystemExit(5)"
    for _ in range(5):
        session.client("run", "--job", "x", "--", "python3.14", "-c", script)
        pdb = session.attach("x")
        pdb.command("stop = True")
        pdb.terminal.sendline("continue")
        assert "job x has ended with exit code 5" in pdb.finish()


def test_waiting_over_the_daemons_end(bare_session):
    """run --wait: the daemon is killed, the job goes on, and its end is told by the next daemon."""
    file = bare_session.folder / "file"
    script = f"import os, time\nopen({str(file)!r}, 'w')\nwhile os.path.exists({str(file)!r}):\n    time.sleep(0.05)\nraise SystemExit(6)"
    terminal = bare_session.spawn(CLIENT, "run", "--wait", "--job", "x", "--", "python3.14", "-c", script)
    wait.until(file.exists, "the job runs")
    first = next(pid for pid, command in bare_session.processes() if command.endswith("helicopterd"))
    os.kill(first, signal.SIGKILL)
    wait.until(lambda: any(pid != first and command.endswith("helicopterd") for pid, command in bare_session.processes()),
               "there is a new daemon")
    bare_session.client("status", "x")
    file.unlink()
    assert exit_code(terminal) == 6
