# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the README and docs/ say and do not show as a session (see test_recording.py for those)."""

import json
import re
import socket
from pathlib import Path

import pytest
from support import wait
from support.session import CLIENT, Pdb

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/recipes.md").read_text()

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
    script.write_text("import time\nprint('begun')\nwhile True:\n    time.sleep(0.1)\n")
    assert run["command"] == attach["command"] == "helicopter-client"
    name = session.client(*(word.replace("${file}", str(script)) for word in run["args"])).stdout.strip()
    wait.until(lambda: "begun" in session.job_output(name), "the job runs")
    terminal = session.spawn(CLIENT, *(word.replace("${input:job}", name) for word in attach["args"]))
    terminal.expect(r"\(Pdb\) $")
    terminal.sendline("quit")
    terminal.expect("Debugger detached")


def test_first_job_of_the_readme(session):
    """The lines to be copied, as they stand there."""
    section = (ROOT / "README.md").read_text().partition("## A first job\n")[2].partition("\n## ")[0]
    start, look, attach = re.findall(r"^    (.*)$", section, re.MULTILINE)
    assert wait.run("sh", "-c", start, env=session.env, cwd=ROOT).stdout == "train\n"
    wait.until(lambda: "epoch" in session.job_output("train"), "the job trains")
    assert "train.py:" in wait.run("sh", "-c", look, env=session.env, cwd=ROOT).stdout
    pdb = Pdb(session.spawn("sh", "-c", attach, cwd=ROOT))
    typed = re.findall(r"`([^`]+)`", section.partition("is pdb, on your terminal.")[2].partition("are what")[0])
    assert typed[-1] == "quit" and len(typed) == 4
    for line in typed[:-1]:
        assert "***" not in pdb.command(line)
    pdb.quit()
    for line in re.findall(r"`(helicopter-client (?!logs)[^`]+)`", section):
        wait.run("sh", "-c", line, env=session.env)
    session.wait_state("train", "exited")


def test_names_in_the_architecture():
    """Files and functions that docs/architecture.md names are there."""
    text = (ROOT / "docs/architecture.md").read_text()
    files = re.findall(r"`((?:client|contrib|daemon|docs|include|lib|parent|tests|units)/[\w./-]+\.\w+)`", text)
    assert len(files) > 50
    assert [file for file in files if "NAME" not in file and not (ROOT / file).exists()] == []
    sources = "".join(path.read_text() for folder in ("client", "daemon", "include", "lib", "parent") for path in (ROOT / folder).rglob("*.[chp]*"))
    functions = set(re.findall(r"`(\w+)\(\)`", text))
    assert len(functions) > 20
    assert [function for function in functions if f"{function}(" not in sources] == []
