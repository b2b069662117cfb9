# SPDX-License-Identifier: LGPL-2.1-or-later
"""What docs/recipes.md says and does not show as a session (see test_recording.py for those)."""

import json
import re
import socket
from pathlib import Path

import pytest
from support import wait
from support.session import CLIENT

PAGE = (Path(__file__).resolve().parents[2] / "docs/recipes.md").read_text()

PREFORK = """\
import os, socket, sys

def answer(connection):
    with connection:
        connection.sendall(connection.recv(100).upper())

listener = socket.create_server(("127.0.0.1", 0))
if os.fork() == 0:
    while True:
        answer(listener.accept()[0])
with open(sys.argv[1] + ".new", "w") as file:
    file.write(str(listener.getsockname()[1]))
os.rename(sys.argv[1] + ".new", sys.argv[1])
os.wait()
"""


def block(name):
    """A file that the page shows."""
    return re.search(rf"^```\w+ {re.escape(name)}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL).group(1)


def processes(session, name):
    return json.loads(session.client("ps", "--json", name).stdout)


@pytest.mark.parametrize("method", ["fork", "forkserver"])
def test_workers(session, method):
    """Each of them can be debugged, and goes on."""
    (session.folder / "workers.py").write_text(block("workers.py"))
    session.client("run", "--job", "load", "--", "python3", "workers.py", method)
    wait.until(lambda: session.job_output("load").count("batch") > 2, "both have begun")
    found = processes(session, "load")
    # Below the server where there is one, else below the job's main process.
    above = next((process["pid"] for process in found if "forkserver import main" in process["command"]), found[0]["pid"])
    workers = [process["pid"] for process in found if process["parent_pid"] == above]
    assert len(workers) == 2
    numbers = []
    for worker in workers:
        pdb = session.attach("load", "--pid", worker)
        pdb.command("tbreak workers.py:12")
        pdb.terminal.sendline("continue")
        assert "batches.put" in pdb._prompt()
        numbers.append(pdb.number("number"))
        pdb.quit()
    assert sorted(numbers) == [0, 1]
    lines = session.job_output("load").count("batch")
    wait.until(lambda: session.job_output("load").count("batch") > lines + 2, "it goes on")


def test_prefork(session):
    """A worker that waits for connections prompts, and again at the next request."""
    script, file = session.folder / "prefork.py", session.folder / "port"
    script.write_text(PREFORK)
    session.client("run", "--job", "web", "--", "python3", script, file)
    wait.until(file.exists, "the server listens")
    worker = processes(session, "web")[-1]["pid"]
    pdb = session.attach("web", "--pid", worker, "-c", f"tbreak {script}:5")
    pdb.terminal.sendline("continue")
    with socket.create_connection(("127.0.0.1", int(file.read_text()))) as connection:
        connection.settimeout(wait.SECONDS)
        connection.sendall(b"hello")
        assert "connection.sendall" in pdb._prompt()
        assert "socket.socket" in pdb.command("p connection")
        pdb.quit()
        assert connection.recv(100) == b"HELLO"


def test_tasks_of_an_editor(session):
    """The commands are understood."""
    run, attach = json.loads(block(".vscode/tasks.json"))["tasks"]
    script = session.folder / "hold.py"
    script.write_text("import time\nwhile True:\n    time.sleep(0.1)\n")
    assert run["command"] == attach["command"] == "helicopter-client"
    name = session.client(*(word.replace("${file}", str(script)) for word in run["args"])).stdout.strip()
    terminal = session.spawn(CLIENT, *(word.replace("${input:job}", name) for word in attach["args"]))
    terminal.expect(r"\(Pdb\) $")
    terminal.sendline("quit")
    terminal.expect("Debugger detached")
