# SPDX-License-Identifier: LGPL-2.1-or-later
"""What should not come: each has an error with a name, the client says one clear sentence, and nothing else is disturbed."""

import contextlib
import os
import signal
import socket
import subprocess

import pytest
from support import wait
from support.sdbus import BusError
from support.session import CLIENT, ERROR, JOB, MANAGER, MANAGER_PATH, NAME, PrivateSession, grant, job_path

INVALID_ARGS = "org.freedesktop.DBus.Error.InvalidArgs"

BAD_NAMES = [".", "..", "-x", "_x", "a/b", "a b", "a\nb", "grün", "x" * 65, "a\x01", "%n", "x;y", "x@y"]


@pytest.fixture(autouse=True)
def bystander(session):
    """A job that must not be disturbed by any of it."""
    job = session.run_counter("bystander")
    pid = job.PID
    yield job
    assert job.PID == pid
    job.counts_on()


def refused(session, name, *arguments, **more):
    with pytest.raises(BusError) as error:
        session.start_job(*arguments, **more)
    assert error.value.name == name, error.value
    assert error.value.message and "\n" not in error.value.message
    assert set(session.list()) == {"bystander"}, "nothing is left"


@pytest.mark.parametrize("name", BAD_NAMES)
@pytest.mark.reaches("Error.BadName")
def test_bad_names(session, name):
    refused(session, ERROR + "BadName", name, ["/bin/true"])
    with session.peer() as peer:
        for method in ("GetJob", "ForgetJob"):
            with pytest.raises(BusError) as error:
                peer.call(MANAGER_PATH, MANAGER, method, "s", name)
            assert error.value.name == ERROR + "BadName"


@pytest.mark.parametrize("name", ["-x", "a/b", "x" * 65])
def test_bad_names_on_the_command_line(session, name):
    session.refused("run", f"--job={name}", "--", "/bin/true", code=125)
    session.refused("attach", f"--job={name}")
    session.refused("stop", f"--job={name}")
    session.refused("status", f"--job={name}")


def test_names_at_the_limit_are_fine(session):
    session.start_job("x" * 64, ["/bin/true"])
    session.wait_state("x" * 64, "exited")


@pytest.mark.reaches("Error.JobExists")
def test_name_in_use(session):
    refused(session, ERROR + "JobExists", "bystander", ["/bin/true"])
    assert "bystander" in session.refused("run", "--job", "bystander", "--", "/bin/true", code=125)


@pytest.mark.reaches("Error.NoSuchJob", "org.freedesktop.DBus.Error.UnknownObject")
def test_no_such_job(session):
    with session.peer() as peer:
        for method in ("GetJob", "ForgetJob"):
            with pytest.raises(BusError) as error:
                peer.call(MANAGER_PATH, MANAGER, method, "s", "none")
            assert error.value.name == ERROR + "NoSuchJob"
        with pytest.raises(BusError) as error:
            peer.call(MANAGER_PATH, MANAGER, "GetJobByPID", "u", os.getpid())
        assert error.value.name == ERROR + "NoSuchJob"
        for pid in (0, 1, 0xFFFFFFFF):
            with pytest.raises(BusError) as error:
                peer.call(MANAGER_PATH, MANAGER, "GetJobByPID", "u", pid)
            assert error.value.name == ERROR + "NoSuchJob"
        with pytest.raises(BusError) as error:
            peer.call(job_path("none"), JOB, "Stop", "a{sv}", {})
        assert error.value.name == "org.freedesktop.DBus.Error.UnknownObject"
    for verb in ("attach", "stop", "forget"):
        assert "none" in session.refused(verb, "none")


@pytest.mark.reaches("Error.JobRunning")
def test_forgetting_a_running_job(session):
    with session.peer() as peer, pytest.raises(BusError) as error:
        peer.call(MANAGER_PATH, MANAGER, "ForgetJob", "s", "bystander")
    assert error.value.name == ERROR + "JobRunning"
    session.refused("forget", "bystander")


@pytest.mark.parametrize("argv", [[], [""]])
@pytest.mark.reaches("Error.BadCommand")
def test_no_command(session, argv):
    refused(session, ERROR + "BadCommand", "x", argv)


def test_oversized_commands(session):
    refused(session, ERROR + "BadCommand", "x", ["/bin/true", "x" * (200 << 10)])
    refused(session, ERROR + "BadCommand", "x", ["/bin/true", *["y" * 1000] * 4000])
    refused(session, ERROR + "BadCommand", "x", ["/bin/true"], environment=["A=" + "x" * (200 << 10)])


def test_large_commands_within_the_limit(session):
    """A hundred kilobytes in one argument, a megabyte in all."""
    file = session.folder / "length"
    words = ["x" * (100 << 10)] * 10
    session.start_job("large", ["/bin/sh", "-c", f'shift; echo "$# ${{#1}}" >{file}', "sh", "", *words])
    session.wait_state("large", "exited")
    assert file.read_text() == f"10 {100 << 10}\n"


@pytest.mark.parametrize("folder", ["relative", "", "/no/such/folder", "/etc/passwd", "/root"])
@pytest.mark.reaches("Error.BadDirectory")
def test_bad_folders(session, folder):
    refused(session, ERROR + "BadDirectory", "x", ["/bin/true"], cwd=folder or " ")
    if folder.startswith("/"):
        assert folder in session.refused("run", "--job", "x", "-C", folder, "--", "/bin/true", code=125)


@pytest.mark.parametrize(("command", "name", "code"), [
    ("/no/such/command", "CommandNotFound", 127),
    ("no-such-command", "CommandNotFound", 127),
    pytest.param("/etc/passwd", "NotExecutable", 126, marks=pytest.mark.reaches("Error.NotExecutable")),
    ("/usr", "NotExecutable", 126),
])
def test_bad_commands(session, command, name, code):
    refused(session, ERROR + name, "x", [command])
    assert command in session.refused("run", "--job", "x", "--", command, code=code)
    session.start_job("x", ["/bin/true"])  # the name is free


def test_script_that_is_not_there(session):
    assert "no-such-script.py" in session.refused("run", "--wait", "--", "no-such-script.py", code=127)


@pytest.mark.reaches("Error.CommandNotFound")
def test_interpreter_that_is_not_there(session):
    script = session.folder / "script"
    script.write_text("#!/no/such/interpreter\n")
    script.chmod(0o755)
    refused(session, ERROR + "CommandNotFound", "x", [script])


@pytest.mark.parametrize("variable", ["NOVALUE", "=x", ""])
def test_bad_environment(session, variable):
    refused(session, INVALID_ARGS, "x", ["/bin/true"], environment=[variable])


@pytest.mark.reaches("Error.BadOption")
def test_unknown_options(session):
    refused(session, ERROR + "BadOption", "x", ["/bin/true"], options={"Nonsense": ("s", "x")})
    for method, signature, arguments in (("Grant", "ua{sv}", (0,)), ("Stop", "a{sv}", ())):
        with session.peer() as peer, pytest.raises(BusError) as error:
            peer.call(job_path("bystander"), JOB, method, signature, *arguments, {"Nonsense": ("b", True)})
        assert error.value.name == ERROR + "BadOption"


@pytest.mark.parametrize(("method", "option", "value"), [("Grant", "force", ("s", "yes")), ("Grant", "python", ("u", 1)), ("Stop", "grace", ("s", "1")),
                                                         ("Stop", "grace", ("i", -1))])
def test_options_of_the_wrong_type(session, method, option, value):
    signature, arguments = ("ua{sv}", (0,)) if method == "Grant" else ("a{sv}", ())
    with session.peer() as peer, pytest.raises(BusError) as error:
        peer.call(job_path("bystander"), JOB, method, signature, *arguments, {option: value})
    assert error.value.name in (INVALID_ARGS, ERROR + "BadOption")


@pytest.mark.parametrize(("path", "interface", "method", "signature", "arguments"), [
    (MANAGER_PATH, MANAGER, "StartJob", "s", ("x",)),
    (MANAGER_PATH, MANAGER, "StartJob", "ssssa{sv}", ("x", "/bin/true", "/", "A=B", {})),
    (MANAGER_PATH, MANAGER, "GetJob", "u", (1,)),
    (MANAGER_PATH, MANAGER, "ListJobs", "s", ("x",)),
    (MANAGER_PATH, MANAGER, "Terminate", "b", (True,)),
    (job_path("bystander"), JOB, "Grant", "i", (0,)),
    (job_path("bystander"), JOB, "Kill", "ii", (1, 9)),
    (job_path("bystander"), JOB, "Stop", "", ()),
    (MANAGER_PATH, "org.helicopter1.Registry", "Register", "s", ("x",)),
    (MANAGER_PATH, "org.helicopter1.Registry", "Update", "as", (["x"],)),
])
@pytest.mark.reaches("org.freedesktop.DBus.Error.InvalidArgs")
def test_wrong_types(session, path, interface, method, signature, arguments):
    with session.peer() as peer:
        with pytest.raises(BusError) as error:
            peer.call(path, interface, method, signature, *arguments)
        assert error.value.name == INVALID_ARGS
        peer.call(MANAGER_PATH, MANAGER, "ListJobs")  # the connection serves on


@pytest.mark.parametrize(("whom", "number"), [("main", 0), ("main", -1), ("main", 65), ("main", 1 << 30), ("all", 0)])
@pytest.mark.reaches("Error.BadSignal")
def test_bad_signals(session, whom, number):
    with session.peer() as peer, pytest.raises(BusError) as error:
        peer.call(job_path("bystander"), JOB, "Kill", "si", whom, number)
    assert error.value.name == ERROR + "BadSignal"


def test_bad_whom(session):
    with session.peer() as peer, pytest.raises(BusError) as error:
        peer.call(job_path("bystander"), JOB, "Kill", "si", "everyone", 9)
    assert error.value.name == ERROR + "BadSignal"


@pytest.mark.reaches("Error.TargetGone")
def test_job_that_ended_before_it_is_attached_to(session):
    session.start_job("done", ["/bin/true"])
    session.wait_state("done", "exited")
    with session.peer() as peer:
        for method, signature, arguments in (("Grant", "ua{sv}", (0, {})), ("Stop", "a{sv}", ({},)), ("Kill", "si", ("main", 15)), ("Revoke", "", ())):
            with pytest.raises(BusError) as error:
                peer.call(job_path("done"), JOB, method, signature, *arguments)
            assert error.value.name == ERROR + "TargetGone", method
    assert "done" in session.refused("attach", "done")


def test_job_whose_parent_is_gone(session):
    """The parent is killed: the job is out of reach, and told so."""
    job = session.run_counter("orphan")
    pid = job.PID
    os.kill(job.ParentPID, signal.SIGKILL)

    def refusal():
        with session.peer() as peer, pytest.raises(BusError) as error:
            grant(peer, "orphan")
        return error.value.name in (ERROR + "ParentLost", ERROR + "TargetGone")

    wait.until(refusal, "a grant is refused")
    session.refused("attach", "orphan")
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


@pytest.mark.parametrize("data", [b"", b"\0", b"\0AUTH EXTERNAL", b"\0AUTH EXTERNAL 30\r\nBEGIN\r\n", b"GET / HTTP/1.1\r\n\r\n", os.urandom(4096),
                                  b"\0AUTH EXTERNAL\r\nDATA\r\nNEGOTIATE_UNIX_FD\r\nBEGIN\r\n" + b"l\1\0\1\xff\xff\xff\x7f\1\0\0\0\xff\xff\xff\x7f"],
                         ids=["nothing", "nul", "half", "other-uid", "http", "noise", "huge-message"])
def test_half_open_connections_block_nobody(session, data):
    connections = []
    for _ in range(20):
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(str(session.socket))
        try:
            connection.sendall(data)
        except BrokenPipeError:
            pass
        connections.append(connection)
    assert session.client("list").stdout
    session.attach("bystander").quit()
    for connection in connections:
        connection.close()
    assert session.client("list").stdout


def test_half_open_connections_are_ended(session):
    """Who does not say who it is, is not waited for for good."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(4 * wait.SECONDS)
        connection.connect(str(session.socket))
        connection.sendall(b"\0AUTH EXTERNAL")
        with contextlib.suppress(ConnectionResetError):  # which it is where not all that came was read
            while connection.recv(4096):
                pass


def test_peer_that_goes_in_the_middle(session):
    for _ in range(20):
        with session.process(CLIENT, "run", "--job", "x", "--wait", "--", "/bin/true", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as client:
            client.kill()
    assert session.client("list").stdout


@pytest.mark.reaches("Client.Error.Silent")
def test_silent_listener_in_the_daemons_place(opened):
    """A socket that accepts and never answers: the client gives up, and says why."""
    silent = opened(PrivateSession())
    with silent.listen():
        silent.refused("list", timeout=4 * wait.SECONDS)


def test_foreign_updates(session):
    """Who has not registered a job changes none, and who has registered one registers no other."""
    registry = "org.helicopter1.Registry"
    with session.peer() as peer:
        with pytest.raises(BusError) as error:
            peer.call(MANAGER_PATH, registry, "Update", "a{sv}", {"State": ("s", "failed")})
        assert error.value.name == ERROR + "NoSuchJob"
        with pytest.raises(BusError) as error:
            peer.call(MANAGER_PATH, registry, "Register", "sba{sv}", "bystander", True, {})
        assert error.value.name == ERROR + "JobExists"
        with pytest.raises(BusError) as error:
            peer.call(MANAGER_PATH, registry, "Register", "sba{sv}", "bad name", True, {})
        assert error.value.name == ERROR + "BadName"
    assert session.list()["bystander"][2] == "running"


def test_empty_environment_is_fine(session):
    session.busctl("call", NAME, MANAGER_PATH, MANAGER, "StartJob", "sassasa{sv}", "bare", "1", "/bin/true", "/", "0", "0")
    session.wait_state("bare", "exited")


def test_long_foreign_text_is_answered(session):
    """An error is cut between characters: sd-bus sends no other text than UTF-8."""
    refused(session, ERROR + "BadDirectory", "x", ["/bin/true"], cwd="/tmp/" + 200 * "é")
    refused(session, ERROR + "BadName", 200 * "é", ["/bin/true"])
    refused(session, ERROR + "BadDirectory", "x", ["/bin/true"], cwd="/tmp/\x1b[31m")
