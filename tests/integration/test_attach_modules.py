# SPDX-License-Identifier: LGPL-2.1-or-later
"""The modules of the debugger that `attach` starts, by themselves."""

import os
import pty
import socket
import subprocess
from pathlib import Path

import pytest
from support import wait

DATA = Path("/usr/local/share/helicopter")
PYTHONS = ["python3.14", "python3.15"]
FLAGS = ["-I", "-S", "-X", "lazy_imports=all"]  # client/session.c


def run(python, text, *arguments, flags=FLAGS, **more):
    """A program that has the modules; what it wrote. Warnings are errors."""
    done = subprocess.run([python, *flags, "-W", "error", "-c", f"import sys; sys.path.append({str(DATA)!r})\n{text}", *map(str, arguments)],
                          capture_output=True, text=True, timeout=wait.SECONDS, check=False, **more)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


@pytest.fixture
def listener():
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(wait.SECONDS)
        yield server


def assert_no_word(listener):
    connection, _ = listener.accept()
    with connection:
        connection.settimeout(wait.SECONDS)
        assert connection.recv(1) == b""


PREPARE = """
from attach_prepare import CONNECT, SCRIPT
exec(SCRIPT.format(connect=CONNECT.format(port=sys.argv[1])), {})
print("pdb" in sys.modules)
"""


@pytest.mark.parametrize("python", PYTHONS)
def test_process_prepares(listener, python):
    """It has pdb, and says so."""
    assert run(python, PREPARE, listener.getsockname()[1], flags=["-X", "dev"]) == "True\n"
    assert_no_word(listener)


@pytest.mark.parametrize("python", PYTHONS)
def test_process_prepares_for_nobody(listener, python):
    """Who asked has gone: not a word of that, and nothing is left open."""
    port = listener.getsockname()[1]
    listener.close()
    assert run(python, PREPARE, port, flags=["-X", "dev"]) == "True\n"


@pytest.mark.parametrize("python", PYTHONS)
def test_process_has_no_descriptors_left(python):
    text = "import attach_prepare, pdb, resource\nresource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))\n" + PREPARE
    assert run(python, text, 1, flags=["-X", "dev"]) == "True\n"


@pytest.mark.parametrize("python", PYTHONS)
def test_process_cannot_prepare(listener, python):
    """What is wrong with its pdb is told by what needs it."""
    text = "sys.modules['pdb'] = None\n" + PREPARE.replace('"pdb" in sys.modules', '"done"')
    assert run(python, text, listener.getsockname()[1], flags=["-X", "dev"]) == "done\n"
    assert_no_word(listener)


@pytest.mark.parametrize("python", PYTHONS)
def test_process_is_still_in_its_preparation(listener, python):
    """There pdb would stop in that script's own frame. It is to be asked again."""
    run(python, """
from attach_session import wrap
exec("exec(script, {})", {"script": wrap(f"import pdb\\nraise SystemExit('pdb port={sys.argv[1]}')"), "_helicopter_prepares": True})
""", listener.getsockname()[1])
    assert_no_word(listener)


@pytest.mark.parametrize("python", PYTHONS)
def test_pdb_is_imported_in_part(python):
    """What is left out (asyncio, tempfile, _colorize) is imported when it is used after all."""
    assert run(python, """
from attach_pdb import import_pdb
pdb = import_pdb()
print([name for name in ("asyncio.events", "random") if name in sys.modules])
print(pdb.asyncio.iscoroutinefunction.__module__, sys.modules["asyncio"].__name__)
print(pdb._colorize.ANSIColors.__name__)
""", flags=["-I", "-S"]).splitlines() == ["[]", "asyncio.coroutines asyncio", "ANSIColors"]



@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("terminal", [True, False])
@pytest.mark.parametrize("settings", [
    {}, {"PYTHON_COLORS": "0"}, {"PYTHON_COLORS": "1"}, {"PYTHON_COLORS": "x"}, {"NO_COLOR": "1"}, {"NO_COLOR": ""}, {"FORCE_COLOR": "1"}, {"TERM": "dumb"},
    {"TERM": "dumb", "FORCE_COLOR": "1"}, {"NO_COLOR": "1", "FORCE_COLOR": "1"}, {"NO_COLOR": "1", "PYTHON_COLORS": "1"},
], ids=lambda settings: "-".join(settings.values()) + ",".join(settings))
def test_colours_are_as_python_has_them(tmp_path, python, terminal, settings):
    """As in `python -m pdb -p`, which is not isolated."""
    env = {"PATH": os.environ["PATH"], "TERM": "xterm"} | settings
    answers = []
    for number, (flags, text) in enumerate([
            ([], "import _colorize\nprint(int(_colorize.can_colorize()), file=open(sys.argv[1], 'w'))"),
            (FLAGS, "from attach_pdb import wants_colours\nprint(int(wants_colours()), file=open(sys.argv[1], 'w'))")]):
        file = tmp_path / str(number)
        main, other = pty.openpty()
        command = [python, *flags, "-c", f"import sys; sys.path.append({str(DATA)!r})\n{text}", str(file)]
        subprocess.run(command, env=env, stdin=subprocess.DEVNULL, stdout=other if terminal else subprocess.DEVNULL, timeout=wait.SECONDS, check=True)
        os.close(main)
        os.close(other)
        answers.append(file.read_text())
    assert answers[0] == answers[1]
