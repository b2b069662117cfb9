# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who may get at a job, tried by those who should not: a sandbox, a process with a pid that was another's, one that has become root."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support import wait
from support.session import JOB, TESTS, Job, job_path

SANDBOXES = [("--user", "--map-current-user"), ("--user", "--map-current-user", "--pid", "--fork", "--mount-proc")]

# Asks for everything that a policy is about; prints the name of each error, or "done".
ASK = """
import sys
from support.sdbus import BusError, Connection
with Connection(sys.argv[1], bus=sys.argv[3] == "bus") as peer, open("/dev/null", "rb") as script:
    for method, signature, arguments in (("Grant", "ua{sv}", (0, {})), ("RemoteExec", "uha{sv}", (0, script.fileno(), {})),
                                         ("Wake", "ua{sv}", (0, {})), ("SetGrantPolicy", "s", ("any-namespace",))):
        try:
            peer.call(sys.argv[2], "org.helicopter1.Job", method, signature, *arguments)
            print(method, "done")
        except BusError as error:
            print(method, error.name.rpartition(".")[2], error.message)
"""

# A process that has inherited a connection: asks for the lease as raw bytes and prints the answer's error, or "granted".
ASK_INHERITED = """
import socket, sys
from support import rawbus
def ask(connection, path, destination):
    reply = connection.call(path, "org.helicopter1.Job", "Grant", "ua{sv}", 0, {}, destination=destination)
    print(reply.error or "granted", *[value for value in reply.values if isinstance(value, str)], flush=True)
"""

# Connects, leaves a child that has the connection, and ends; the child asks when it is told to.
LEAVE_CHILD = ASK_INHERITED + """
import os
connection = rawbus.Raw(sys.argv[1], bus=sys.argv[3] == "bus", seconds=120)
connection.call("/org/helicopter1", "org.helicopter1.Manager", "ListJobs", destination="org.helicopter1" if sys.argv[3] == "bus" else None)
if os.fork() == 0:
    sys.stdin.readline()
    ask(connection, sys.argv[2], "org.helicopter1" if sys.argv[3] == "bus" else None)
"""

# As root: has a process of user 1000 with a given pid made, and prints "made"; it ends with its stdin.
TAKE_PID = """
import ctypes, os, signal, sys
CLONE3 = 435
EXIT_SIGNAL, SET_TID, SET_TID_SIZE, WORDS = 4, 8, 9, 11  # of struct clone_args, clone(2)
wanted = ctypes.c_int(int(sys.argv[1]))
arguments = (ctypes.c_uint64 * WORDS)()
arguments[EXIT_SIGNAL] = signal.SIGCHLD
arguments[SET_TID] = ctypes.addressof(wanted)
arguments[SET_TID_SIZE] = 1
pid = ctypes.CDLL(None, use_errno=True).syscall(CLONE3, arguments, ctypes.sizeof(arguments))
if pid == 0:
    os.setgid(1000); os.setuid(1000)
    signal.pause()
if pid < 0:
    sys.exit(os.strerror(ctypes.get_errno()))
print("made", flush=True)
sys.stdin.read()
os.kill(pid, signal.SIGKILL)
"""


def address(session, where):
    return session.env["DBUS_SESSION_BUS_ADDRESS"] if where == "bus" else session.address


def ask(session, where, around=()):
    """{method: what came of it} of a process that asks."""
    process = session.python(ASK, address(session, where), job_path("count"), where, around=around)
    output = process.communicate(timeout=wait.SECONDS)[0]
    return dict(line.split(" ", 1) for line in output.splitlines())


@pytest.mark.parametrize("where", ["peer", "bus"])
@pytest.mark.parametrize("sandbox", SANDBOXES, ids=["user", "user-and-pid"])
def test_sandboxed_callers_are_refused(session, where, sandbox):
    job = session.run_counter("count")
    told = ask(session, where, around=("unshare", *sandbox))
    assert len(told) == 4
    for method, what in told.items():
        assert what.startswith("NotPermitted") and "namespace" in what, (method, what)
    assert job.TracerPID == 0 and job.GrantPolicy == "same-user"


@pytest.mark.parametrize("sandbox", SANDBOXES, ids=["user", "user-and-pid"])
def test_sandboxed_callers_by_policy(session, sandbox):
    session.run_counter("count", options=["--grant-policy=any-namespace"])
    told = ask(session, "peer", around=("unshare", *sandbox))
    assert told["Grant"] == "done" and told["SetGrantPolicy"] == "done"


def test_daemon_in_a_user_namespace_of_its_own(session):
    """Such a daemon may not look closely at anybody outside; it still tells a sandbox."""
    folder = Path(session.env["HOME"]) / ".config/systemd/user/helicopterd.service.d"
    folder.mkdir(parents=True)
    try:
        (folder / "private.conf").write_text("[Service]\nPrivateUsers=yes\n")
        session.systemctl("daemon-reload")
        job = session.run_counter("count")
        assert os.stat(f"/proc/{session.daemon_pid()}").st_uid == os.getuid()
        daemon_map = Path(f"/proc/{session.daemon_pid()}/uid_map").read_text()
        assert daemon_map != Path("/proc/self/uid_map").read_text(), "it has one"
        assert ask(session, "peer")["Grant"] == "done"
        with session.peer() as peer:
            peer.call(job_path("count"), JOB, "SetGrantPolicy", "s", "same-user")
        told = ask(session, "peer", around=("unshare", *SANDBOXES[1]))
        assert told["Grant"].startswith("NotPermitted") and "namespace" in told["Grant"]
        session.attach("count").quit()
        job.counts_on()
    finally:
        (folder / "private.conf").unlink()
        folder.rmdir()
        session.systemctl("daemon-reload")


@pytest.mark.parametrize("where", ["peer", "bus"])
def test_recycled_pid_gets_nothing(session, where):
    """Who connected has ended, and another process has its pid: neither that one nor who has the connection is let in."""
    job = session.run_counter("count")
    path = session.env["DBUS_SESSION_BUS_ADDRESS"].removeprefix("unix:path=").partition(",")[0] if where == "bus" else session.socket
    asker = session.python(LEAVE_CHILD, path, job_path("count"), where)
    assert asker.wait(wait.SECONDS) == 0
    with subprocess.Popen(["sudo", sys.executable, "-c", TAKE_PID, str(asker.pid)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as taker:
        assert taker.stdout.readline() == "made\n"
        wait.until(lambda: os.stat(f"/proc/{asker.pid}").st_uid == os.getuid(), "it is a process of the user")
        asker.stdin.write("\n")
        asker.stdin.flush()
        answer = asker.stdout.readline()
        tracer = job.TracerPID
        taker.stdin.close()
    asker.stdin.close()
    assert answer.startswith(("org.helicopter1.Error.TargetGone", "org.helicopter1.Error.NotPermitted It cannot be told")), answer
    assert tracer == 0
    job.counts_on()


def test_caller_that_has_become_root(session):
    """It connected as the user, and has executed a setuid program since."""
    job = session.run_counter("count")
    program = "/opt/setuid-python"
    wait.run("sudo", "install", "-m", "4755", "-o", "root", os.path.realpath(sys.executable), program)
    become = ASK_INHERITED + """
import os
connection = rawbus.Raw(sys.argv[1], seconds=120)
connection.call("/org/helicopter1", "org.helicopter1.Manager", "ListJobs")
os.set_inheritable(connection.socket.fileno(), True)
os.execv(sys.argv[3], [sys.argv[3], "-c", sys.argv[4], str(connection.socket.fileno()), sys.argv[2], sys.argv[5]])
"""
    ask_as_root = "import sys; sys.path.insert(0, sys.argv[3])\n" + ASK_INHERITED + """
import os
assert os.geteuid() == 0, "it is root"
connection = rawbus.Raw.__new__(rawbus.Raw)
connection.socket, connection.data, connection.serial = socket.socket(fileno=int(sys.argv[1])), b"", 100
connection.socket.settimeout(60)
ask(connection, sys.argv[2], None)
"""
    try:
        process = session.python(become, session.socket, job_path("count"), program, ask_as_root, TESTS)
        answer = process.communicate(timeout=wait.SECONDS)[0]
    finally:
        wait.run("sudo", "rm", "-f", program)
    assert answer.startswith("org.helicopter1.Error.NotPermitted") and "another user" in answer, answer
    assert job.TracerPID == 0


def entries(session, name):
    """The journal's entries of a job: each its fields."""
    lines = session.journal("--output=json", f"HELICOPTER_JOB={name}").splitlines()
    return [json.loads(line) for line in lines]


def test_audit(session):
    """Each thing that is done, refused or ended is one entry, with who, what, when and how long."""
    session.client("run", "--job=count", "--", "python3.14", "-c", "import time\ntime.sleep(1000)")
    job = Job(session, "count", None)
    wait.until(lambda: Path(f"/proc/{job.PID}/wchan").read_text().endswith("nanosleep"), "it sleeps")
    pdb = session.attach("count")
    holder = job.TracerPID
    executable = os.readlink(f"/proc/{holder}/exe")
    pdb.quit()
    wait.until(lambda: job.TracerPID == 0, "the lease ends")
    with session.peer() as peer:
        peer.call(job_path("count"), JOB, "SetGrantPolicy", "s", "none")
    session.refused("attach", "count")

    def found():
        kinds = {}
        for entry in entries(session, "count"):
            kinds.setdefault(entry["MESSAGE_ID"], []).append(entry)
        return kinds if {"1f6c586d0c3b4e6f9b0e438f5ed51b7a", "5a07e8d33d6e4b0d8c3c6651b0492fc2", "c32d194b7e0a4c58a7710f5d92e6843b",
                         "8e415d0297b64f1a8ad32c607be19405", "62d90e7f41854c3bb12a9d5ec8073f16", "b73c5824ea914d06954f1b60d28e7ac3"} <= set(kinds) else None

    kinds = wait.until(found, lambda: f"all entries are there: {entries(session, 'count')}")
    for kind, found_entries in kinds.items():
        for entry in found_entries:
            assert entry["HELICOPTER_UNIT"] == "helicopter-count.service"
            assert entry["HELICOPTER_TARGET_PID"] == str(job.PID), (kind, entry)
            assert entry["HELICOPTER_TRACER_UID"] == str(os.getuid())
            assert entry["HELICOPTER_TRACER_EXE"].startswith("/"), (kind, entry)
            assert float(entry["HELICOPTER_SECONDS"]) >= 0
            assert entry["PRIORITY"] == "5"
    granted, revoked = kinds["1f6c586d0c3b4e6f9b0e438f5ed51b7a"], kinds["c32d194b7e0a4c58a7710f5d92e6843b"]
    assert len(granted) == len(revoked) == 1
    assert granted[0]["HELICOPTER_TRACER_PID"] == revoked[0]["HELICOPTER_TRACER_PID"] == str(holder)
    assert granted[0]["HELICOPTER_TRACER_EXE"] == executable
    assert kinds["5a07e8d33d6e4b0d8c3c6651b0492fc2"][0]["HELICOPTER_ERROR"] == "org.helicopter1.Error.NotPermitted"
    assert kinds["b73c5824ea914d06954f1b60d28e7ac3"][0]["HELICOPTER_GRANT_POLICY"] == "none"
    shown = session.client("status", "count", check=False).stdout
    assert "Policy: none" in shown and shown.count("may trace") >= 1 and "was refused: Job count: its grant policy is none" in shown
    explained = session.journal("--catalog", "--output=short", "MESSAGE_ID=1f6c586d0c3b4e6f9b0e438f5ed51b7a")
    assert str(holder) in explained
