# SPDX-License-Identifier: LGPL-2.1-or-later
"""docs/errors.md is complete and true, and each of its rows is reached by a test: by those that are marked so, wherever they are, and
by those below, which are for the rest."""

import os
import re
import shutil
import signal
import subprocess
import threading

import pytest
from support import errors, rawbus, wait
from support.session import CLIENT, DAEMON, JOBS, MANAGER_PATH, PARENT, exit_code

# What sd-bus and GLib say, and what is put together of parts at run time.
NOT_LITERAL = {
    "Invalid argument", "Unknown object 'PATH'.", "WHY", "VERB: Unknown option OPTION", "VERB: Unknown option OPTION; did you mean OPTION?", "Job NAME: WHAT: WHY.",
    "'COMMAND' cannot be executed: WHY. Check the spelling, the folder and the PATH that the job starts with.",
    "'COMMAND' cannot be executed: WHY. Check the file's permissions and its first line.",
    "A job named NAME exists and has not ended. Choose another name, or stop the job that has it.",
}

# What is told in a log or of a job while a program goes on: nothing that was asked for has failed.
IN_PASSING = {
    "A connection to the daemon stays open: %.",
    "The daemon will not be looked for any more: %.",
    "Cannot accept a connection: %; the next try is in a second.",
    "Cannot serve a connection: %.",
    "Job %: its end will not be noticed: %.",
    "Cannot clean up: %.",
    "Its helicopter-parent (pid %) ended without telling how the job ended; the job was sent SIGTERM.",
}


@pytest.fixture(scope="module")
def rows():
    return errors.rows()


def test_page_has_every_name(rows):
    named = {errors.PREFIX + name for name in rows if re.match(r"(Client\.)?Error\.", name)}
    assert named == set(errors.names().values())


def test_page_has_every_remedy(rows):
    remedies = errors.remedies()
    assert set(remedies) == set(errors.names().values())
    for name, remedy in remedies.items():
        assert rows[name.removeprefix(errors.PREFIX)].do.replace("\\|", "|").startswith(remedy), name


def test_page_has_every_message(rows):
    """Under its error's name, where it has one."""
    missing = []
    for message in errors.said():
        name = message.name.removeprefix(errors.PREFIX) if message.name else None
        texts = [text for row in ([rows[name]] if name else rows.values()) for text in row.codes()]
        if message.text not in IN_PASSING and not any(re.fullmatch(message.pattern(), text) for text in texts):
            missing.append(message)
    assert not missing


def test_page_has_nothing_else(rows):
    patterns = [re.compile(message.pattern()) for message in errors.said()]
    stale = [text for row in rows.values() for text in row.seen if text not in NOT_LITERAL and not any(pattern.fullmatch(text) for pattern in patterns)]
    assert not stale
    assert {message.text for message in errors.said()} >= IN_PASSING


def test_every_row_is_reached(rows):
    claimed = errors.claimed()
    assert set(rows) - set(claimed) == set(), "no test reaches these"
    assert set(claimed) - set(rows) == set(), "tests reach what is not in the page"
    for name, body in errors.claimed_by_unit_tests():
        assert any(errors.FILLED.split(text)[0] in body for text in rows[name].seen), f"{name} is not looked at in {body}"


def run_hostile(session, how):
    """A job that makes it hard; when it has done so."""
    file = session.folder / "count"
    session.client("run", "--job", "hostile", "--", "python3.14", JOBS / "hostile.py", how, file)
    wait.until(file.exists, "the job runs")


# The bus API


@pytest.mark.reaches("Error.LaunchFailed")
def test_parent_that_cannot_be_started(session):
    (session.folder / "state").write_text("where a folder for logs should be")
    session.refused("run", "--job", "x", "--", "/bin/true", code=125)
    assert session.list() == {}


@pytest.mark.reaches("Error.PythonTooOld")
def test_python_of_long_ago(session):
    """Before 3.10 the name alone tells, so that a name will do."""
    shutil.copy("/bin/sleep", session.folder / "python3.9")
    session.client("run", "--job", "old", "--", "./python3.9", "1000")
    assert "Python 3.9," in session.refused("attach", "old", code=1)


@pytest.mark.reaches("Error.UnsupportedTarget")
def test_python_of_times_to_come(session):
    run_hostile(session, "newer")
    assert "Python 3.16," in session.refused("attach", "hostile", code=1)


# The client and its daemon


def damage_library(session, name):
    """A library that cannot be loaded, as if it were not there; returns the environment in which it is found first."""
    (session.folder / name).touch()
    return {"LD_LIBRARY_PATH": str(session.folder)}


@pytest.mark.reaches("Client.Error.NoJson")
@pytest.mark.parametrize("verb", ["list", "status", "ps", "doctor", "version"])
def test_no_json_library(session, verb):
    session.client("run", "--job", "sleep", "--", "/bin/sleep", "1000")
    env = damage_library(session, "libjson-glib-1.0.so.0")
    assert "libjson-glib" in session.refused(verb, "--json", env=env, code=1)
    assert session.client(verb, env=env, check=False).stdout != "", "it is not needed for that"


@pytest.mark.reaches("no-prompt")
def test_no_editing_library(session):
    env = damage_library(session, "libedit.so.2")
    damage_library(session, "libedit.so.0")
    terminal = session.spawn(CLIENT, env=env)
    terminal.expect("Cannot set up the prompt: .*libedit.*\r\nEach verb works without it")
    assert exit_code(terminal) == 1
    assert session.client(env=env, stdin=None, input="version\nquit\n").stdout.startswith("helicopter-client"), "lines are not edited there"


@pytest.mark.reaches("Client.Error.NoDaemon")
def test_no_daemon(bare_session):
    bare_session.refused("list", env={"HELICOPTER_DAEMON": "/no/such/daemon"}, code=1)


@pytest.mark.reaches("Client.Error.NotOurs")
def test_runtime_folder_of_others(bare_session):
    os.chmod(bare_session.folder / "run", 0o777)
    bare_session.refused("list", code=1)


@pytest.mark.reaches("Client.Error.Lost")
def test_daemon_that_goes(bare_session):
    """And its successor, too."""
    with bare_session.listen() as listener:
        thread = threading.Thread(target=lambda: [listener.accept()[0].close() for _ in range(2)])
        thread.start()
        bare_session.refused("list", code=1)
        thread.join(wait.SECONDS)


@pytest.mark.reaches("Client.Error.System")
def test_error_that_nobody_knows(session):
    """A helicopter-parent answers with one."""
    with rawbus.Raw(session.socket) as parent:
        parent.call(MANAGER_PATH, "org.helicopter1.Registry", "Register", "sba{sv}", "odd", True, {"State": ("s", "running")})
        terminal = session.spawn(CLIENT, "kill", "odd")
        while (order := parent.receive()).member != "Kill":
            pass
        body = rawbus.marshal("s", "it is odd")
        parent.send(rawbus.message(rawbus.ERROR, 1000, "s", body, reply_to=order.serial, error="org.example.Error.Odd"))
        terminal.expect_exact("Job odd: it is odd\r\n")
        assert exit_code(terminal) == 1


@pytest.mark.reaches("Client.Error.NotWritten")
def test_full_disk(session):
    with open("/dev/full", "wb") as full:
        done = session.client("version", stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 1 and len(done.stderr.splitlines()) == 2, done.stderr


@pytest.mark.reaches("Client.Error.BadText")
def test_text_that_is_not_utf8(session):
    session.refused("run", "--", "/bin/echo", "\udcff", code=125)


# The client and a job


@pytest.mark.reaches("Client.Error.NoOutput", "Client.Error.UnreadableOutput")
def test_output_that_cannot_be_shown(session):
    with session.process(PARENT, "--job", "typed", "--", "/bin/sleep", "1000", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                         stderr=subprocess.DEVNULL) as parent:
        session.wait_state("typed", "running")
        session.refused("logs", "typed", code=1)
        parent.terminate()
    session.client("run", "--job", "lost", "--wait", "--", "/bin/true")
    (session.folder / "state/helicopter/log/lost.log").unlink()
    session.refused("logs", "lost", code=1)


@pytest.mark.reaches("Client.Error.LostScript")
def test_script_that_does_not_come_back(session):
    session.run_counter("count")
    script = session.folder / "script.py"
    script.write_text("import os\nos.execv('/bin/sleep', ['sleep', '1000'])\n")
    session.refused("inject", "count", script, code=1)


@pytest.mark.reaches("Client.Error.NoStacks")
def test_stacks_that_make_no_sense(session):
    run_hostile(session, "cookie")
    session.refused("stack", "hostile", code=1)


def test_stacks_that_are_protected(session):
    run_hostile(session, "undumpable")
    assert "Job hostile: the system does not" in session.refused("stack", "hostile", code=1)


@pytest.mark.reaches("Client.Error.CannotAttach")
def test_debugger_that_is_killed(session):
    session.client("run", "--job", "asleep", "--", "python3.14", "-c", "import time; time.sleep(1000)")
    terminal = session.spawn(CLIENT, "attach", "asleep", "--no-wake")
    terminal.expect_exact("queued")
    os.kill(next(pid for pid, command in session.processes() if "attach.py" in command), signal.SIGTERM)
    assert exit_code(terminal) == 1 and session.list()["asleep"][2] == "running"


# The other command lines


@pytest.mark.parametrize("words", [
    pytest.param([PARENT, "--config=job.conf"], marks=pytest.mark.reaches("parent-folder")),
    pytest.param([PARENT, "--environment-on-stdin", "--", "/bin/true"], marks=pytest.mark.reaches("parent-environment")),
    pytest.param(["prlimit", "--nofile=4", PARENT, "--", "/bin/true"], marks=pytest.mark.reaches("parent-system")),
    pytest.param([DAEMON, "x"], marks=pytest.mark.reaches("daemon-usage")),
    pytest.param(["prlimit", "--nofile=4", DAEMON], marks=pytest.mark.reaches("daemon-system")),
    pytest.param(["env", "XDG_RUNTIME_DIR=/no/such/folder", DAEMON], marks=pytest.mark.reaches("daemon-socket")),
], ids=lambda words: str(words[-1]).rpartition("/")[2])
def test_programs_that_do_not_start(bare_session, words):
    (bare_session.folder / "job.conf").write_text("[Job]\nCommand=/bin/true\nWorkingDirectory=/no/such/folder\n")
    done = wait.run(*words, env=bare_session.env, cwd=bare_session.folder, check=False)
    assert done.returncode == (125 if PARENT in words else 1)
    assert done.stdout == "" and len(done.stderr.splitlines()) == 1, done.stderr
