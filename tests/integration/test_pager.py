# SPDX-License-Identifier: LGPL-2.1-or-later
"""Long output through a pager: on a terminal, where one is wanted, without a trace of it afterwards."""

import pytest
from support import wait
from support.session import CLIENT, exit_code

# Keeps what it is given, and says so.
KEEPS = "sh -c 'cat >{}; echo paged'"


@pytest.fixture
def paged(session):
    """Run the client on a terminal with a pager; return its exit code, what the terminal shows, and what the pager was given (None: it did not run)."""
    def run(*words, pager=None, **env):
        given = session.folder / "given"
        given.unlink(missing_ok=True)
        terminal = session.spawn(CLIENT, *words, env={"TERM": "vt100", "PAGER": pager or KEEPS.format(given)} | env)
        return exit_code(terminal), terminal.before, given.read_text() if given.exists() else None

    return run


def test_verbs(session, paged):
    session.run_counter("count")
    for words, expected in ((["list"], "NAME"), (["list", "-l"], "WHERE"), (["status"], "State: running"), (["ps"], "COMMAND"), (["stack"], "in work"),
                            (["list", "--json"], '"name"'), (["stack", "--json"], '"threads"'), (["doctor"], "kernel"), (["logs"], "")):
        _, terminal, given = paged(*words)
        assert given is not None and expected in given, words
        assert terminal.strip() == "paged", words
        _, terminal, given = paged(*words, "--no-pager")
        assert given is None and expected in terminal, words


def test_where_there_is_none(session, paged):
    session.run_counter("count")
    for env in ({"TERM": "dumb"}, {"SYSTEMD_PAGER": ""}, {"SYSTEMD_PAGER": "cat"}, {"SYSTEMD_PAGER": "no-such-program"}):
        code, terminal, given = paged("list", **env)
        assert (code, given) == (0, None) and "NAME" in terminal
    assert "NAME" in session.client("list", env={"TERM": "vt100", "PAGER": "false"}).stdout


def test_what_follows_is_not_paged(session, paged):
    session.client("run", "--wait", "--job", "hello", "--", "/bin/echo", "hello")
    _, terminal, given = paged("logs", "-f", "hello")
    assert given is None and "hello" in terminal


def test_exit_code_is_the_verbs(session, paged):
    session.client("run", "--wait", "--job", "done", "--", "/bin/true")
    for pager in (None, "true", "false", "sh -c 'kill -9 $$'"):
        assert paged("status", "done", pager=pager)[0] == 3
        assert paged("list", pager=pager)[0] == 0
    assert paged("status", "nobody")[0] == 4


def test_who_leaves_early_is_no_failure(session, paged):
    session.client("run", "--wait", "--job", "long", "--", "python3.14", "-c", "for n in range(100000): print('line', n)")
    code, terminal, _ = paged("logs", "long", pager="head -n 2")
    assert (code, terminal.split()) == (0, ["line", "0", "line", "1"])
    session.run_counter("count")
    code, terminal, _ = paged("stack", "count", pager="true")
    assert (code, terminal) == (0, "")


def test_colours_go_through(session, paged):
    session.run_counter("count")
    assert "\033[1;32m" in paged("status", NO_COLOR="")[2]
    assert "\033[" not in paged("status", NO_COLOR="1")[2]


def test_prompt_has_its_terminal_back(session):
    """Also from a pager that was killed while it had the terminal for itself."""
    session.run_counter("count")
    terminal = session.prompt(env={"TERM": "vt100", "PAGER": "sh -c 'stty raw -echo <&1; cat >/dev/null; kill -9 $$'"})
    for line in ("list", "status count", "logs count", "list --no-pager"):
        terminal.sendline(line)
        terminal.expect_exact(f"{line}\r\n")  # what was typed is seen
        terminal.expect_exact(">>> ")
    assert "NAME" in terminal.before
    terminal.sendline("quit")
    terminal.expect_exact("still running")
    assert exit_code(terminal) == 0


def test_interrupt_is_the_pagers(session):
    """^C ends neither the prompt nor what pages, unless the pager ends on it."""
    session.run_counter("count")
    mark = session.folder / "mark"
    terminal = session.prompt(env={"TERM": "vt100", "PAGER": f"sh -c 'trap \"echo caught; exit\" INT; echo waits; touch {mark}; sleep 1000 & wait'"})
    terminal.sendline("list")
    terminal.expect_exact("waits")
    wait.until(mark.exists, "the pager waits")
    terminal.sendintr()
    terminal.expect_exact("caught")
    terminal.expect_exact(">>> ")
    terminal.sendline("quit")
    terminal.expect_exact("still running")
