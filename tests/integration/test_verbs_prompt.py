# SPDX-License-Identifier: LGPL-2.1-or-later
"""The prompt: history, completion, and verbs that wait."""

from pathlib import Path

import pytest
from support import process, wait
from support.session import JOBS, PROMPT, exit_code


@pytest.fixture
def prompt(session):
    return lambda: session.prompt(env={"TERM": "vt100"})


def leave(terminal):
    terminal.sendline("quit")
    terminal.expect_exact("still running")
    assert exit_code(terminal) == 0


def test_tab_completes_verbs_and_jobs(session, prompt):
    session.run_counter("count")
    terminal = prompt()
    terminal.send("sta\t")
    terminal.expect_exact("stack")
    terminal.expect_exact("status")
    terminal.send("tu\t co\t")
    terminal.expect_exact("unt ")  # what it adds
    terminal.send("\r")
    terminal.expect_exact("State: running")
    terminal.expect_exact(PROMPT)
    leave(terminal)


def test_tab_without_a_candidate_does_nothing(prompt):
    terminal = prompt()
    terminal.send("nonsense \t\t\r")
    terminal.expect_exact("Unknown command 'nonsense'")
    terminal.expect_exact(PROMPT)
    leave(terminal)


def test_tab_completes_files(session, prompt):
    session.run_counter("count")
    (session.folder / "a script.py").touch()
    (session.folder / "look.py").write_text("print('looked')\n")
    terminal = prompt()
    terminal.send("inject count lo\t\r")
    terminal.expect_exact("ok.py")  # what it adds
    terminal.expect_exact("\nlooked")
    terminal.expect_exact(PROMPT)
    leave(terminal)


def test_history_is_kept(session, prompt):
    terminal = prompt()
    terminal.sendline("status nobody")
    terminal.expect_exact("There is no job")
    terminal.expect_exact(PROMPT)
    leave(terminal)
    history = Path(session.env["XDG_STATE_HOME"]) / "helicopter/history"
    assert history.stat().st_mode & 0o777 == 0o600
    terminal = prompt()
    terminal.send("\x10\x10\r")  # ^P: quit, then the line before it
    terminal.expect_exact("There is no job")
    terminal.expect_exact(PROMPT)
    leave(terminal)


@pytest.mark.parametrize("line", ["wait count", "logs -f count"])
def test_interrupt_ends_what_waits_and_not_the_prompt(session, prompt, line):
    job = session.run_counter("count")
    terminal = prompt()
    terminal.sendline(line)
    wait.until(lambda: process.children(terminal.pid), "the verb has a process")
    terminal.sendintr()
    terminal.expect_exact(PROMPT)
    job.counts_on()
    leave(terminal)


@pytest.mark.parametrize("key", ["\x03", "\x1c"], ids=["interrupt", "quit"])
def test_keys_end_a_verb_and_not_the_prompt(session, prompt, key):
    """What is waited for in the daemon: it goes on there."""
    file = session.folder / "signals"
    session.client("run", "--job", "stubborn", "--", "python3.14", JOBS / "signals.py", file)
    wait.until(lambda: file.exists() and "ready" in file.read_text(), "the job is ready")
    terminal = prompt()
    terminal.sendline("stop --grace 60 stubborn")
    wait.until(lambda: "SIGTERM" in file.read_text(), "the job is asked to end")
    terminal.send(key)
    terminal.expect_exact(PROMPT)
    terminal.sendline("status stubborn")
    terminal.expect_exact("State: running")
    terminal.expect_exact(PROMPT)
    terminal.sendline("kill -USR1 stubborn")
    terminal.expect_exact(PROMPT)
    leave(terminal)


def test_interrupt_while_attaching(session, prompt):
    session.client("run", "--job", "asleep", "--", "python3.14", "-c", "import time; time.sleep(1000)")
    terminal = prompt()
    terminal.sendline("attach asleep --no-wake")
    terminal.expect_exact("queued")
    terminal.sendintr()
    terminal.expect_exact("Job asleep: interrupted")
    terminal.expect_exact(PROMPT)
    leave(terminal)


def test_keys_in_a_line(session, prompt):
    """^C drops the line, ^D leaves only where there is none."""
    session.run_counter("count")
    terminal = prompt()
    terminal.send("stop count")
    terminal.expect_exact("stop count")
    terminal.send("\x04")
    terminal.sendintr()
    terminal.expect_exact("^C")
    terminal.expect_exact(PROMPT)
    terminal.sendintr()
    terminal.expect_exact("^C")
    terminal.expect_exact(PROMPT)
    terminal.sendline("status count")
    terminal.expect_exact("State: running")
    terminal.expect_exact(PROMPT)
    terminal.sendeof()
    terminal.expect_exact("still running")
    assert exit_code(terminal) == 0


def test_attaching_and_coming_back(session, prompt):
    job = session.run_counter("count")
    terminal = prompt()
    for leaving in ("quit\r", "\x04", "continue\r"):
        terminal.sendline("attach count")
        terminal.expect(r"\(Pdb\) $")
        terminal.send(leaving)
        if leaving == "continue\r":
            job.counts_on()
            terminal.sendintr()
            terminal.expect(r"\(Pdb\) $")
            terminal.sendline("quit")
        terminal.expect_exact("job count still running")
        terminal.expect_exact(PROMPT)
    terminal.send("sta\tus\x15li\t\r")  # the line is edited, echoed and completed as before
    terminal.expect_exact("running")
    terminal.expect_exact(PROMPT)
    leave(terminal)


@pytest.mark.parametrize("line", ["help", "help attach", "terminate --help", "help terminate", "list --nonsense", "help nonsense"])
def test_help_and_mistakes_leave_the_prompt(prompt, line):
    terminal = prompt()
    terminal.sendline(line)
    terminal.expect_exact(PROMPT)
    shown = terminal.before.replace("\r\n", "\n").splitlines()[1:]
    assert 0 < len(shown) <= 23 and max(map(len, shown)) < 80, shown
    leave(terminal)


def test_every_verb_at_the_prompt(session, prompt):
    verbs = [line.split("\t")[0] for line in session.client("complete", "--", "").stdout.splitlines()]
    terminal = prompt()
    for verb in set(verbs) - {"help"}:
        terminal.sendline(f"{verb} --help")
        terminal.expect_exact(f"Usage: helicopter-client {verb}")
        terminal.expect_exact(PROMPT)
    leave(terminal)


def test_run_at_the_prompt(session, prompt):
    terminal = prompt()
    terminal.sendline("run --job hello --follow -- /bin/echo over and out")
    terminal.expect("\nover and out")
    terminal.expect_exact(PROMPT)
    terminal.sendline("atach hello")
    terminal.expect_exact("Did you mean 'attach'?")
    terminal.expect_exact(PROMPT)
    leave(terminal)


def test_a_script_on_stdin(session):
    done = session.client(stdin=None, input="run --job hello --wait -- /bin/true\nlist\nwait hello\nforget hello\nlist\nquit\n")
    assert "hello" in done.stdout and "exited" in done.stdout
    assert "No jobs" in done.stderr
