# SPDX-License-Identifier: LGPL-2.1-or-later
"""The prompt: history, completion, and verbs that wait."""

from pathlib import Path

import pytest
from support import wait
from support.session import CLIENT

PROMPT = ">>> "


@pytest.fixture
def prompt(session):
    def start():
        terminal = session.spawn(CLIENT, env={"TERM": "vt100"})
        terminal.expect_exact(PROMPT)
        return terminal

    return start


def leave(terminal):
    terminal.sendline("quit")
    terminal.expect_exact("still running")
    terminal.wait()


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
    wait.until(lambda: any(f"helicopter-client {line.split()[0]}" in command or command.endswith("helicopter-client") for _, command in session.processes()),
               "the client runs")
    job.counts_on()
    terminal.sendintr()
    terminal.expect_exact(PROMPT)
    job.counts_on()
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
