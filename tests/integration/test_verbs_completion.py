# SPDX-License-Identifier: LGPL-2.1-or-later
"""Completion, as the program answers it and as the shells ask for it."""

import pexpect
import pytest
from support import wait
from support.session import PREFIX

BASH = PREFIX / "share/bash-completion/completions/helicopter-client"


def candidates(session, *words):
    return [line.split("\t")[0] for line in session.client("complete", "--", *words).stdout.splitlines()]


def test_verbs(session):
    assert candidates(session, "sta") == ["stack", "status"]
    assert {"run", "attach", "doctor", "help"} <= set(candidates(session, ""))
    assert "complete" not in candidates(session, "")
    assert candidates(session, "--v") == ["--version"]


def test_options_are_those_of_help(session):
    for verb in set(candidates(session, "")) - {"help"}:
        offered = candidates(session, verb, "--")
        shown = session.client(verb, "--help").stdout
        assert "--help" in offered
        assert all(option in shown for option in offered), verb
        assert len(offered) == sum(line.lstrip().startswith("-") for line in shown.splitlines()), verb


def test_jobs(session):
    session.run_counter("count")
    session.client("run", "--job", "done", "--wait", "--", "/bin/true")
    assert candidates(session, "attach", "") == ["count"]
    assert candidates(session, "attach", "--job", "c") == ["count"]
    assert candidates(session, "attach", "--job=c") == ["--job=count"]
    assert candidates(session, "attach", "--job", "=", "c") == ["count"], "as bash splits it"
    assert candidates(session, "attach", "-j", "") == ["count"]
    assert candidates(session, "forget", "") == ["done"]
    assert sorted(candidates(session, "logs", "")) == ["count", "done"]
    assert candidates(session, "logs", "count", "") == []
    assert candidates(session, "run", "--job", "") == [], "it gets a new name"
    assert candidates(session, "inject", "count", "") == [":files"]
    assert candidates(session, "exec", "") == ["count", ":commands"]
    assert candidates(session, "exec", "--job", "count", "--", "") == [":commands"]


def test_values(session):
    assert candidates(session, "kill", "-s", "TE") == ["TERM"]
    assert candidates(session, "run", "-C", "") == [":directories"]
    assert candidates(session, "run", "") == [":commands"]
    assert candidates(session, "run", "--", "python3", "--j") == [":files"]
    assert candidates(session, "run", "--grant-policy", "no") == ["none"]
    assert candidates(session, "nonsense", "") == []
    assert candidates(session) == []


def test_no_daemon_is_started(bare_session):
    assert candidates(bare_session, "attach", "") == []
    assert not bare_session.socket.exists()


def bash(session, line):
    """What bash makes of a line when tab is pressed at its end."""
    script = f'''
        source {BASH}
        COMP_LINE=$1
        read -ra COMP_WORDS <<<"$1"
        [[ $1 != *" " ]] || COMP_WORDS+=("")
        COMP_CWORD=$(({{#COMP_WORDS[@]}} - 1))
        compopt() {{ :; }}
        _helicopter_client helicopter-client
        printf '%s\\n' "${{COMPREPLY[@]}}"
    '''.replace("({#", "(${#")
    return wait.run("bash", "-c", script, "bash", line, env=session.env, cwd=session.folder).stdout.split()


def test_bash(session):
    session.run_counter("count")
    (session.folder / "look.py").touch()
    assert bash(session, "helicopter-client sta") == ["stack", "status"]
    assert bash(session, "helicopter-client attach c") == ["count"]
    assert bash(session, "helicopter-client attach --j") == ["--job"]
    assert bash(session, "helicopter-client inject count lo") == ["look.py"]
    assert "helicopter-parent" in bash(session, "helicopter-client run helicopter-p")


@pytest.mark.parametrize(("shell", "options"), [("zsh", ["-f", "-i"]), ("fish", ["--private", "--no-config", "-i"])])
def test_other_shells(session, shell, options):
    """At their own prompts, which is where they complete."""
    session.run_counter("count")
    terminal = session.spawn(shell, *options, env={"TERM": "vt100", "PS1": "ready> "})
    try:
        if shell == "zsh":
            terminal.expect_exact("ready> ")
            terminal.sendline(f"fpath=({PREFIX}/share/zsh/site-functions $fpath); autoload -U compinit; compinit -D -u; echo set''up")
        else:
            terminal.sendline(f"source {PREFIX}/share/fish/vendor_completions.d/helicopter-client.fish; echo set''up")
        terminal.expect_exact("setup")
        terminal.send("helicopter-client status --job co\t\r")
        terminal.expect_exact("State: running")
    finally:
        terminal.sendline("exit")
        terminal.expect(pexpect.EOF)
