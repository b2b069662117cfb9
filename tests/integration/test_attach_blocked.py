# SPDX-License-Identifier: LGPL-2.1-or-later
"""attach to jobs that are blocked, stopped, busy or not to be debugged at all: a prompt, or a message that says why not."""

import json
import os
import shutil
import signal

import pexpect
import pytest
from support import wait
from support.session import CLIENT, JOBS, Job, Pdb, exit_code

SLEEPER = """\
import sys
import time


def nap(seconds):
    began = time.monotonic()
    open(sys.argv[1], "w").close()
    time.sleep(seconds)
    took = time.monotonic() - began
    with open(sys.argv[1] + ".took", "w") as file:
        file.write(str(took))


nap(float(sys.argv[2]))
time.sleep(1000)
"""


def run_sleeper(session, python, seconds):
    script, mark = session.folder / "sleeper.py", session.folder / "mark"
    script.write_text(SLEEPER)
    session.client("run", "--job", "nap", "--", python, script, mark, seconds)
    wait.until(mark.exists, "the job runs")
    return session.folder / "mark.took"


@pytest.mark.parametrize("python", ["python3.14", "python3.15", "python3.14-dbg"])
def test_prompt_in_the_blocked_frame(session, python):
    took = run_sleeper(session, python, 8)
    pdb = session.attach("nap")
    assert "sleeper.py(8)nap()" in pdb.greeting and "-> time.sleep(seconds)" in pdb.greeting
    assert pdb.command("p seconds") == "8.0"
    assert "nap(float(sys.argv[2]))" in pdb.command("where")
    pdb.quit()
    assert 7.9 < float(wait.content(took, "the call ends")) < 14
    assert session.job_output("nap") == ""


@pytest.mark.parametrize("python", ["python3.14", "python3.15"])
def test_breakpoint_and_next_from_the_blocked_frame(session, python):
    run_sleeper(session, python, 6)
    pdb = session.attach("nap")
    assert "Breakpoint 1" in pdb.command("break 10")
    pdb.terminal.sendline("next")
    assert "took = time.monotonic() - began" in pdb._prompt()
    pdb.terminal.sendline("continue")
    assert "sleeper.py(10)nap()" in pdb._prompt()
    assert 5.9 < float(pdb.command("p took"))
    pdb.command("clear 1")
    pdb.quit()


def test_repeated(session):
    run_sleeper(session, "python3.14", 1000)
    for _ in range(5):
        pdb = session.attach("nap")
        assert "-> time.sleep(seconds)" in pdb.greeting
        pdb.quit()


@pytest.mark.parametrize("options", [["--no-wake"], ["--wake=off"]])
def test_no_wake(session, options):
    run_sleeper(session, "python3.14", 1000)
    done = session.client("attach", "nap", "--timeout", "3", *options, check=False)
    assert done.returncode == 1
    assert "granted → queued\nhelicopter-client: " in done.stderr
    assert "nanosleep" in done.stderr
    assert f'(main): File "{session.folder}/sleeper.py", line 8, in nap' in done.stderr
    session.attach("nap").quit()
    assert session.job_output("nap") == ""


def test_without_utf8(session):
    run_sleeper(session, "python3.14", 1000)
    done = session.client("attach", "nap", "--timeout", "3", "--no-wake", check=False, env={"LANG": "C", "LC_ALL": "C"})
    assert "granted -> queued\n" in done.stderr
    assert done.stderr.isascii()


def test_stages(session):
    session.run_counter("count")
    pdb = session.attach("count")
    lines = pdb.greeting.replace("\r", "").splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("Attaching pdb"))
    assert lines[at].endswith("... granted → queued → connected")
    assert lines[at + 1].startswith("Type pdb commands")
    pdb.quit()


@pytest.mark.parametrize("python", ["python3.14", "python3.15"])
def test_lock(session, python):
    """The main thread waits for good: another thread prompts, and says so; ^C stays away from the job."""
    job = session.run_counter("threads", python, script=JOBS / "threads.py")
    pdb = session.attach("threads")
    assert "waits for a lock" in pdb.greeting and "not the main one" in pdb.greeting
    assert "work(" in pdb.command("where")
    assert pdb.number("counter") > 0
    pdb.terminal.sendline("continue")
    job.counts_on()
    pdb.terminal.sendintr()
    pdb.terminal.expect_exact("not the job's main one")
    job.counts_on()
    pdb.terminal.sendintr()
    assert "still running" in pdb.finish()
    job.counts_on()
    pdb = session.attach("threads")
    pdb.quit()
    job.counts_on()
    assert session.job_output("threads") == ""


def test_deadlock(session):
    """No thread can take it: each is shown, and nothing fires later."""
    script = "import threading\nlock = threading.Lock()\nlock.acquire()\nopen('ready', 'w').close()\nlock.acquire()"
    session.client("run", "--job", "dead", "--", "python3.14", "-c", script)
    wait.until((session.folder / "ready").exists, "the job is there")
    done = session.client("attach", "dead", "--timeout", "2", check=False)
    assert done.returncode == 1
    assert "waits for a lock" in done.stderr
    assert '(main): File "<string>", line 5' in done.stderr
    assert session.job_output("dead") == ""


def test_stopped(session):
    job = session.run_counter("count")
    os.kill(job.PID, signal.SIGSTOP)
    job.stands_still()
    done = session.client("attach", "count", "--timeout", "1", check=False)
    assert done.returncode == 1
    assert done.stderr.count(f"'kill -CONT {job.PID}' lets it go on") == 1
    assert "in work" in done.stderr
    os.kill(job.PID, signal.SIGCONT)
    job.counts_on()
    session.attach("count").quit()


def test_interrupt_while_waiting(session):
    run_sleeper(session, "python3.14", 1000)
    terminal = session.spawn(CLIENT, "attach", "nap", "--no-wake")
    terminal.expect_exact("queued")
    terminal.sendintr()
    terminal.expect_exact("interrupted; process")
    assert exit_code(terminal) == 1
    session.attach("nap").quit()


def test_interrupt_while_the_debugger_starts(session):
    run_sleeper(session, "python3.14", 1000)
    for _ in range(3):
        terminal = session.spawn(CLIENT, "attach", "nap", "--no-wake")
        wait.until(lambda: any("attach.py" in command for _, command in session.processes()), "the debugger starts")
        terminal.sendintr()
        terminal.expect_exact("interrupted; process")
        assert "Traceback" not in terminal.before
        assert exit_code(terminal) == 1


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_client_killed_while_waiting(session, number):
    """The request goes with it."""
    run_sleeper(session, "python3.14", 1000)
    terminal = session.spawn(CLIENT, "attach", "nap", "--no-wake")
    terminal.expect_exact("queued")
    terminal.kill(number)
    terminal.expect(pexpect.EOF)
    session.attach("nap").quit()
    assert session.job_output("nap") == ""


def test_job_ends_while_waiting(session):
    run_sleeper(session, "python3.14", 1000)
    terminal = session.spawn(CLIENT, "attach", "nap", "--no-wake")
    terminal.expect_exact("queued")
    os.kill(Job(session, "nap", None).PID, signal.SIGKILL)
    terminal.expect(r"\n[^\n]*(ended|gone)")
    assert exit_code(terminal) == 1


def test_dead_debugger_in_another_thread(session):
    """The main thread has a debugger whose client was killed, and waits for a lock. It is taken out from the worker, and SIGINT
    is the job's own again."""
    script, flag, file = session.folder / "two.py", session.folder / "flag", session.folder / "two.count"
    script.write_text("import os, sys, threading, time\n"
                      "def work():\n    counter = 0\n    while True:\n        counter += 1\n        open(sys.argv[2], 'w').write(str(counter))\n"
                      "        time.sleep(0.05)\n"
                      "def never():\n    pass\n"
                      "worker = threading.Thread(target=work, daemon=True)\nworker.start()\n"
                      "while not os.path.exists(sys.argv[1]):\n    time.sleep(0.05)\n"
                      "open(sys.argv[1] + '.seen', 'w').close()\nworker.join()\n")
    session.client("run", "--job", "two", "--", "python3.14", script, flag, file)
    job = Job(session, "two", file)
    wait.until(job.counter, "the job counts")
    pdb = session.attach("two")
    assert "two.py" in pdb.greeting and "not the main one" not in pdb.greeting
    pdb.command("break never")
    pdb.terminal.sendline("continue")
    job.counts_on()
    session.kill_client()
    pdb.terminal.expect(pexpect.EOF)
    wait.until(lambda: job.TracerPID == 0, "the lease ends")
    flag.touch()
    wait.until((session.folder / "flag.seen").exists, "the main thread goes to wait")
    pdb = session.attach("two")
    assert "not the main one" in pdb.greeting
    assert pdb.number("counter") > 0
    pdb.command("clear 1")
    pdb.quit()
    job.counts_on()
    assert session.job_output("two") == ""
    os.kill(job.PID, signal.SIGINT)
    session.wait_state("two", "exited", "failed")
    assert "KeyboardInterrupt" in session.job_output("two")


@pytest.mark.reaches("Client.Error.DebuggerBusy")
def test_debugger_of_the_jobs_own(session):
    """breakpoint() in the job, on a terminal of its own: reported, since somebody is there."""
    script = session.folder / "own.py"
    script.write_text("import pdb, time\npdb.Pdb._last_pdb_instance = pdb.Pdb()\nopen('ready', 'w').close()\nwhile True: time.sleep(0.05)\n")
    session.client("run", "--job", "own", "--", "python3.14", script)
    wait.until((session.folder / "ready").exists, "the job is there")
    done = session.client("attach", "own", check=False)
    assert done.returncode == 1
    assert "pdb refused: Another PDB instance is already attached" in done.stderr
    assert "connected" not in done.stderr


@pytest.mark.parametrize("python", ["python3.14", "python3.15"])
def test_commands(session, python):
    job = session.run_counter("count", python)
    done = session.client("attach", "count", "-c", "p 6 * 7", "-c", "p undefined", "-c", "quit")
    assert "42" in done.stdout and "NameError" in done.stdout
    assert "still running" in done.stderr
    done = session.client("attach", "count", "--command", "p 'first'", stdin=None, input="p 'second'\nquit\n")
    assert done.stdout.index("first") < done.stdout.index("second")
    assert session.client("attach", "count", "-c", "quit").stdout == ""
    assert "NameError" in session.client("attach", "count", "-c", "p undefined", "-c", "quit").stdout
    job.counts_on()


@pytest.mark.parametrize("options", [["--no-grant"], ["--via=syscall"], ["--via=auto"], ["--wake=auto"], ["--wake=force"]])
def test_options_on_a_sleeping_job(session, options):
    run_sleeper(session, "python3.14", 1000)
    pdb = session.attach("nap", *options)
    assert "-> time.sleep(seconds)" in pdb.greeting
    assert ("reserved → queued" in pdb.greeting) == ("--no-grant" in options)
    assert Job(session, "nap", None).TracerPID > 0
    pdb.quit()


def test_usage(session):
    for options in (["--wake=maybe"], ["--via=magic"], ["--wake=force", "--no-wake"], ["--no-grant", "--via=syscall"], ["--pid=-3"],
                    ["--timeout=-1"]):
        session.refused("attach", *options, code=2)
    text = session.client("attach", "--help").stdout
    assert len(text.splitlines()) < 24
    assert all(option in text for option in ("--no-grant", "--no-wake", "--wake", "--via", "--command", "--timeout", "--pid", "--force"))


@pytest.mark.parametrize(("command", "env", "cause"), [
    (["-X", "disable-remote-debug"], {}, "its command line has -X disable-remote-debug"),
    (["-Xdisable-remote-debug"], {}, "its command line has -X disable-remote-debug"),
    ([], {"PYTHON_DISABLE_REMOTE_DEBUG": "1"}, "PYTHON_DISABLE_REMOTE_DEBUG is set in its environment"),
])
def test_switched_off(session, command, env, cause):
    session.client("run", "--job", "off", "--", "python3.14", *command, "-c", "import time; time.sleep(1000)", env=env)
    assert cause in session.refused("attach", "off", code=1)
    assert cause in session.client("inject", "off", "-", check=False).stderr


def test_workers_are_told_of(session):
    script = "import subprocess, time\nchildren = [subprocess.Popen(['python3.15', '-c', 'import time\\nwhile 1: time.sleep(0.1)']) for _ in range(2)]\nwhile True: time.sleep(0.05)"
    session.client("run", "--job", "boss", "--", "python3.14", "-c", script)

    def workers():
        found = json.loads(session.client("ps", "boss", "--json").stdout)
        return [row["pid"] for row in found if (row["python_version"] or "").startswith("3.15.")]

    wait.until(lambda: len(workers()) == 2, "the workers are there")
    pdb = session.attach("boss")
    assert "Job boss has 2 worker processes; 'helicopter-client ps boss' lists them, --pid attaches to one." in pdb.greeting
    pdb.quit()
    pid = workers()[0]
    pdb = Pdb(session.spawn(CLIENT, "attach", "--pid", pid))
    assert "worker process" not in pdb.greeting
    assert pdb.number("__import__('os').getpid()") == pid
    assert pdb.command("p __import__('sys').version[:4]") == "'3.15'"
    pdb.quit()


def test_foreign_tracer_is_named(session):
    """Somebody who needed no permission holds the job: it cannot be woken."""
    run_sleeper(session, "python3.14", 1000)
    log = session.folder / "strace.out"
    tracer = session.spawn("strace", "-o", log, "-p", Job(session, "nap", None).PID)
    wait.until(lambda: log.exists() and "nanosleep" in log.read_text(), "it is traced")
    done = session.client("attach", "nap", "--timeout", "1", check=False)
    assert done.returncode == 1
    assert f"is being traced by process {tracer.pid} (/usr/bin/strace" in done.stderr
    tracer.sendintr()
    tracer.expect(pexpect.EOF)
    session.attach("nap").quit()


def test_interpreter_replaced_on_disk(session):
    """The program that the job runs is gone: its own file is still there for us, or one of the same version in the PATH."""
    program = session.folder / "bin/python3.14"
    program.parent.mkdir()
    shutil.copy("/usr/bin/python3.14", program)
    job = session.folder / "count"
    session.client("run", "--job", "old", "--", program, JOBS / "counter.py", job)
    wait.content(job, "the job counts")
    program.unlink()
    pdb = session.attach("old")
    assert pdb.number("counter") > 0
    pdb.quit()
    shutil.copy("/usr/bin/python3.15", program)
    pdb = session.attach("old")
    assert pdb.number("counter") > 0
    pdb.quit()
