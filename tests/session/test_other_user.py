# SPDX-License-Identifier: LGPL-2.1-or-later
"""Another user gets nothing: not a connection, not a name, not a byte."""

import sys
from pathlib import Path

import pytest
from support import wait
from support.session import CLIENT, JOB, MANAGER, MANAGER_PATH, job_path

# Connects, talks as a D-Bus client would, and writes what came back (as hexadecimal) to stdout.
TALK = """
import os, socket, sys
peer = socket.socket(socket.AF_UNIX)
peer.settimeout(60)
try:
    peer.connect(sys.argv[1])
    uid = str(int(sys.argv[2])).encode().hex().encode()
    peer.sendall(b"\\0AUTH EXTERNAL " + uid + b"\\r\\nNEGOTIATE_UNIX_FD\\r\\nBEGIN\\r\\n")
    data = b""
    while chunk := peer.recv(4096):
        data += chunk
    print("received", data.hex())
except (PermissionError, ConnectionResetError, BrokenPipeError) as error:
    print("refused", type(error).__name__)
"""


def as_other(*command, check=False, env=None):
    words = [f"{key}={value}" for key, value in (env or {}).items()]
    return wait.run("sudo", "-u", "other", "env", "--chdir=/", *words, *command, check=check)


@pytest.fixture
def open_folders(session):
    """The folders and the socket opened to everybody, as a user might do by mistake; as before afterwards."""
    session.client("list")
    runtime = Path(session.env["XDG_RUNTIME_DIR"])
    modes = {path: path.stat().st_mode & 0o777 for path in (runtime, session.socket.parent, session.socket)}
    for path in modes:
        path.chmod(0o777 if path == session.socket else 0o711)
    yield
    for path, mode in modes.items():
        if path.exists():
            path.chmod(mode)


def test_client_cannot_connect(session):
    session.run_counter("count")
    env = {"XDG_RUNTIME_DIR": session.env["XDG_RUNTIME_DIR"], "DBUS_SESSION_BUS_ADDRESS": session.env["DBUS_SESSION_BUS_ADDRESS"]}
    for words in (["list"], ["attach", "count"], ["stop", "count"]):
        done = as_other(CLIENT, *words, env=env)
        assert done.returncode != 0 and done.stdout == "" and "count" not in done.stderr.replace("'count'", ""), done.stderr
    assert session.list()["count"][2] == "running"


def test_socket_cannot_be_reached(session):
    session.client("list")
    done = as_other(sys.executable, "-c", TALK, session.socket, "1000")
    assert done.stdout.split()[:2] == ["refused", "PermissionError"]


@pytest.mark.parametrize("uid", [1000, 1001])
def test_open_folders_help_nobody(session, open_folders, uid):
    """The daemon looks at who is there itself, whoever they say they are."""
    session.run_counter("count")
    done = as_other(sys.executable, "-c", TALK, session.socket, str(uid))
    word, *rest = done.stdout.split()
    assert word == "refused" or rest == [], done.stdout
    assert session.client("list").stdout, "nobody else is disturbed"


def test_nothing_of_a_job_is_readable(session):
    job = session.run_counter("count")
    pid = job.PID
    assert as_other("cat", f"/proc/{pid}/environ").returncode != 0
    assert as_other("ls", session.socket.parent).returncode != 0


def test_bus_of_the_user_refuses(session):
    session.client("list")
    done = as_other("busctl", f"--address={session.env['DBUS_SESSION_BUS_ADDRESS']}", "call", "org.helicopter1", MANAGER_PATH, MANAGER, "ListJobs")
    assert done.returncode != 0


def test_other_user_has_a_daemon_of_their_own(session):
    """Their jobs are not ours, although the names are the same."""
    session.run_counter("count")
    uid = int(wait.run("id", "-u", "other").stdout)
    wait.run("sudo", "loginctl", "enable-linger", "other")
    wait.until(lambda: as_other("test", "-S", f"/run/user/{uid}/bus").returncode == 0, "the other user's session is there")
    env = {"XDG_RUNTIME_DIR": f"/run/user/{uid}", "DBUS_SESSION_BUS_ADDRESS": f"unix:path=/run/user/{uid}/bus"}
    try:
        as_other(CLIENT, "run", "--job", "count", "--", "/bin/sleep", "1000", env=env, check=True)
        theirs = as_other(CLIENT, "list", env=env, check=True).stdout
        assert "sleep" in theirs and "counter.py" not in theirs
        assert "sleep" not in session.client("list").stdout
        as_other(CLIENT, "terminate", env=env, check=True)
        assert session.list()["count"][2] == "running"
        assert session.get_property(job_path("count"), JOB, "State") == "running"
    finally:
        wait.run("sudo", "loginctl", "disable-linger", "other")
