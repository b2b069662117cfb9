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
def port():
    """Of a server of pdb's side of the connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(wait.SECONDS)
        yield server


@pytest.fixture
def listener():
    """The one that a process connects to that prepares."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("")
        server.listen()
        server.settimeout(wait.SECONDS)
        yield server


PREPARE = """
from attach_prepare import SCRIPT
exec(SCRIPT.format(name=bytes.fromhex(sys.argv[1]), wait=float(sys.argv[2])), {"marker": "the interrupted frame"})
"""


class Prepared:
    """A process that runs the script, with its own code around it. It says what it has done on stdout."""

    def __init__(self, python, name, before="", after="print('pdb' in sys.modules)", patience=10):
        text = f"import sys; sys.path.append({str(DATA)!r})\n{before}\n{PREPARE}\n{after}"
        self.process = subprocess.Popen([python, "-X", "dev", "-W", "error", "-c", text, name.hex(), str(patience)],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def end(self):
        """What it said, and nothing on stderr."""
        out, error = self.process.communicate(timeout=wait.SECONDS)
        assert (self.process.returncode, error) == (0, "")
        return out

    def end_with(self, listener, sent):
        """The same, when it has been sent that."""
        connection, _ = listener.accept()
        with connection:
            connection.sendall(sent)
            return self.end()


@pytest.mark.parametrize("python", PYTHONS)
def test_process_prepares_and_takes_a_script(listener, python):
    """It has pdb, and runs what it is given. Its own frame is the one below the script that prepares."""
    prepared = Prepared(python, listener.getsockname())
    connection, _ = listener.accept()
    with connection:
        connection.settimeout(wait.SECONDS)
        connection.sendall(b"print(_frame.f_code.co_name, _frame.f_globals['__name__'])\n")
        connection.sendall(b"\0")
        assert connection.recv(10) == b"k"
        assert connection.recv(10) == b""
    assert prepared.end() == "<module> __main__\nTrue\n"


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("sent", [b"", b"print('not whole')"])
def test_process_is_left_alone(listener, python, sent):
    """Who asked has gone, before or in the middle: it goes on, and nothing is left open."""
    prepared = Prepared(python, listener.getsockname())
    connection, _ = listener.accept()
    connection.sendall(sent)
    connection.close()
    assert prepared.end() == "True\n"


@pytest.mark.parametrize("python", PYTHONS)
def test_process_does_not_wait_for_long(listener, python):
    prepared = Prepared(python, listener.getsockname(), patience=0.05)
    connection, _ = listener.accept()
    with connection:
        assert prepared.end() == "True\n"


@pytest.mark.parametrize("python", PYTHONS)
def test_process_prepares_for_nobody(listener, python):
    """Not a word of that."""
    name = listener.getsockname()
    listener.close()
    assert Prepared(python, name, after="print('on')").end() == "on\n"


@pytest.mark.parametrize("python", PYTHONS)
def test_process_has_no_descriptors_left(listener, python):
    before = "import attach_prepare, pdb, resource\nresource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))"
    assert Prepared(python, listener.getsockname(), before).end() == "True\n"


@pytest.mark.parametrize("python", PYTHONS)
def test_process_does_not_obey_another_user(listener, python):
    """Somebody who has got the name meanwhile."""
    prepared = Prepared(python, listener.getsockname(), before="import os\nuser = os.geteuid()\nos.geteuid = lambda: user + 1")
    assert prepared.end_with(listener, b"print('obeyed')\0") == "True\n"


@pytest.mark.parametrize("python", PYTHONS)
def test_process_cannot_prepare(listener, python):
    """What is wrong with its pdb is told by what needs it."""
    prepared = Prepared(python, listener.getsockname(), before="sys.modules['pdb'] = None", after="print('done')")
    assert prepared.end_with(listener, b"print('run')\0") == "run\ndone\n"


@pytest.mark.parametrize("python", PYTHONS)
def test_process_is_still_in_its_preparation(port, python):
    """There pdb would stop in that script's own frame. It is to be asked again."""
    run(python, """
from attach_session import wrap
exec("exec(script, {})", {"script": wrap(f"import pdb\\nraise SystemExit('pdb port={sys.argv[1]}')"), "_helicopter_prepares": True})
""", port.getsockname()[1])
    connection, _ = port.accept()
    with connection:
        connection.settimeout(wait.SECONDS)
        assert connection.recv(1) == b""  # without a word


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
