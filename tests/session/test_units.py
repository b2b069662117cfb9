# SPDX-License-Identifier: LGPL-2.1-or-later
"""The daemon and its jobs as units of the user's service manager."""

import json
import os
import shutil
import signal
from pathlib import Path

import pytest
from support import wait
from support.session import CLIENT, JOB, JOBS, MANAGER, MANAGER_PATH, NAME, PREFIX, UNTIL_IN_THE_JOURNAL, grant, job_path, pid_alive, unit

HOME_INSTALL = Path("/opt/home/user/.local")

# What the service manager tells each process of a unit (systemd.exec(5)); these are the unit's own, all else is the caller's.
OF_THE_UNIT = ("INVOCATION_ID=", "JOURNAL_STREAM=", "SYSTEMD_EXEC_PID=", "MEMORY_PRESSURE_WATCH=", "MEMORY_PRESSURE_WRITE=")


def environment_of(report):
    """The environment in a job's report, without the unit's own variables."""
    return sorted(variable for variable in report["environment"] if not variable.startswith(OF_THE_UNIT))


def test_job_is_a_unit(session):
    job = session.run_counter("count")
    found = session.show(unit("count"), "Slice", "MainPID", "ActiveState", "Type", "Transient", "Result")
    assert found["Slice"] == "helicopter.slice"
    assert found["ActiveState"] == "active" and found["Transient"] == "yes"
    assert int(found["MainPID"]) == job.ParentPID
    assert job.Unit == unit("count")
    assert job.ControlGroup.endswith(f"helicopter.slice/{unit('count')}")
    cgroup = Path(f"/proc/{job.PID}/cgroup").read_text().strip()
    assert cgroup.endswith(job.ControlGroup)


def test_first_job_of_a_fresh_daemon_is_a_unit(session):
    """The request that activates the daemon comes before the daemon has joined the bus; it must not be taken for a machine without a service manager."""
    for number in range(5):
        session.systemctl("stop", "helicopterd.service")
        session.run_counter(f"count{number}")
        assert session.get_property(job_path(f"count{number}"), JOB, "Unit") == unit(f"count{number}")


def test_output_is_in_the_journal(session):
    session.client("run", "--wait", "--job", "talk", "--", "python3.14", "-c",
                   "import sys; print('to stdout'); print('to stderr', file=sys.stderr)" + UNTIL_IN_THE_JOURNAL)

    def lines():
        return session.journal("-u", unit("talk"), "--output=cat").splitlines()

    wait.until(lambda: {"to stdout", "to stderr"} <= set(lines()), lambda: f"both lines are there: {lines()}")
    assert session.get_property(job_path("talk"), JOB, "LogPath") == ""


def test_job_gets_what_the_caller_gave(session):
    odd = {"EMPTY": "", "LINES": "one\ntwo\n", "BASH_FUNC_x%%": "() {  echo hi\n}", "QUOTES": "'\"\\", "DOLLAR": "$PATH ${HOME} %n %% $$",
           "SPACE": " a  b ", "UTF8": "grün ∞", "lower.dotted": "1", "LONG": "x" * 50000}
    words = ["", "two words", "$HOME", "${HOME}", "%n", "%%", "-x", "--", ";", "new\nline", "'\"\\", "grün", "\\x41"]
    folder = session.folder / "a folder %n $HOME"
    folder.mkdir()
    report = session.folder / "report"
    environment = [f"{key}={value}" for key, value in (session.env | odd).items()]
    session.start_job("gift", ["python3.14", JOBS / "report.py", report, *words], cwd=folder, environment=environment)
    wait.until(report.exists, "the report is written")
    found = json.loads(report.read_text())
    assert found["argv"] == words
    assert found["cwd"] == str(folder)
    assert environment_of(found) == sorted(environment), "that and nothing else"
    assert found["stdin"] == "/dev/null"
    assert found["sid"] == found["pid"]
    assert found["fds"] == [0, 1, 2, 3]


def test_environment_of_the_client(session):
    report = session.folder / "report"
    session.client("run", "--wait", "--", "python3.14", JOBS / "report.py", report, env={"ODD_%%": "x\ny", "BASH_FUNC_f%%": "() { :\n}"})
    found = dict(variable.split("=", 1) for variable in environment_of(json.loads(report.read_text())))
    assert found == session.env | {"ODD_%%": "x\ny", "BASH_FUNC_f%%": "() { :\n}", "PYTHONUNBUFFERED": "1"}


@pytest.mark.parametrize("name", ["a.b-c_d", "0", "x" * 64])
def test_names(session, name):
    session.run_counter(name)
    assert session.get_property(job_path(name), JOB, "Unit") == unit(name)
    assert session.show(unit(name), "ActiveState")["ActiveState"] == "active"


@pytest.mark.parametrize(("script", "code"), [("raise SystemExit(7)", 7), ("import os; os.kill(os.getpid(), 9)", 128 + 9)])
def test_exit_is_the_jobs(session, script, code):
    done = session.client("run", "--wait", "--job", "end", "--", "python3.14", "-c", script, check=False)
    assert done.returncode == code
    session.client("run", "--wait", "--job", "end", "--", "/bin/true")  # a failed unit does not keep its name


@pytest.mark.parametrize(("command", "code"), [("/no/such/command", 127), ("/etc/passwd", 126)])
def test_commands_that_cannot_be_executed(session, command, code):
    assert command in session.refused("run", "--job", "x", "--", command, code=code)
    session.client("run", "--job", "x", "--wait", "--", "/bin/true")


def test_unreadable_folder(session):
    folder = session.folder / "closed"
    folder.mkdir(mode=0)
    assert str(folder) in session.refused("run", "-C", folder, "--", "/bin/true", code=125)
    folder.chmod(0o700)


def test_stop(session):
    job = session.run_counter("count")
    pid = job.PID
    session.client("stop", "count")
    assert not pid_alive(pid)
    assert session.list()["count"][2] == "exited"
    wait.until(lambda: session.show(unit("count"), "ActiveState")["ActiveState"] == "inactive", "the unit is gone")


def test_stop_by_systemctl(session):
    job = session.run_counter("count")
    pid = job.PID
    session.systemctl("stop", unit("count"))
    assert not pid_alive(pid)
    session.wait_state("count", "exited", "failed")


def test_terminate(session):
    pids = [session.run_counter("one").PID, session.run_counter("two").PID]
    session.client("terminate")
    assert not any(pid_alive(pid) for pid in pids)
    wait.until(lambda: session.daemon_pid() == 0, "the daemon ends")
    assert session.show("helicopterd.service", "Result")["Result"] == "success"
    # The socket still listens: whoever asks next is served.
    assert "No jobs" in session.client("list").stderr


# The daemon.


def test_started_by_the_socket(session):
    assert session.daemon_pid() == 0
    session.client("list")
    assert session.daemon_pid() > 0


def test_started_by_its_bus_name(session):
    assert session.daemon_pid() == 0
    session.busctl("call", NAME, MANAGER_PATH, MANAGER, "ListJobs")
    pid = session.daemon_pid()
    assert pid > 0
    session.client("list")
    assert session.daemon_pid() == pid, "the socket leads to the same"


@pytest.mark.parametrize("socket_first", [True, False])
def test_started_by_systemctl(session, socket_first):
    if not socket_first:
        session.systemctl("stop", "helicopterd.socket")
    session.systemctl("start", "helicopterd")
    pid = session.daemon_pid()
    assert pid > 0
    assert "No jobs" in session.client("list").stderr
    assert session.busctl("call", NAME, MANAGER_PATH, MANAGER, "ListJobs").stdout
    assert session.daemon_pid() == pid
    folder, socket = Path(session.env["XDG_RUNTIME_DIR"]) / "helicopter", session.socket
    assert folder.stat().st_mode & 0o777 == 0o700 and socket.stat().st_mode & 0o777 == 0o600


def test_started_by_a_typed_parent(session):
    """Its registration activates the daemon."""
    file = session.folder / "count"
    terminal = session.spawn(PREFIX / "bin/helicopter-parent", JOBS / "counter.py", file)
    wait.until(lambda: session.daemon_pid() > 0, "the daemon is started")
    session.wait_state("counter", "running")
    assert terminal.isalive()


def test_unit_of_the_daemon(session):
    session.systemctl("start", "helicopterd")
    found = session.show("helicopterd.service", "Type", "WatchdogUSec", "SubState", "KillMode", "NotifyAccess")
    assert found["Type"] in ("notify", "notify-reload") and found["SubState"] == "running"
    assert found["WatchdogUSec"] not in ("0", "infinity", "")


@pytest.mark.parametrize("how", ["restart", "stop and start", "SIGKILL", "SIGABRT"])
def test_jobs_outlive_the_daemon(session, how):
    job = session.run_counter("count")
    before, old = session.list(), session.daemon_pid()
    if how == "restart":
        session.systemctl("restart", "helicopterd")
    elif how == "stop and start":
        session.systemctl("stop", "helicopterd")
        job.counts_on()
        session.systemctl("start", "helicopterd")
    else:
        os.kill(old, getattr(signal, how))
    job.counts_on()
    wait.until(lambda: session.daemon_pid() not in (0, old), "there is a new daemon")
    wait.until(lambda: session.list() == before, lambda: f"the job is known again: {session.list()}, before: {before}")
    session.attach("count").quit()
    job.counts_on()


def test_watchdog(session):
    """A daemon that hangs is replaced; the job does not notice."""
    job = session.run_counter("count")
    old = session.daemon_pid()
    os.kill(old, signal.SIGSTOP)
    wait.until(lambda: session.daemon_pid() not in (0, old), "the watchdog replaces it", seconds=4 * wait.SECONDS)
    assert session.wait_state("count", "running")
    job.counts_on()


def test_grants_are_recorded(session):
    session.run_counter("count")
    with session.peer() as peer:
        os.close(grant(peer, "count"))

    def entries():
        text = session.journal("--output=json", "HELICOPTER_JOB=count")
        return [entry for entry in map(json.loads, text.splitlines()) if entry.get("HELICOPTER_TRACER_PID") == str(os.getpid())]

    wait.until(lambda: len(entries()) == 2, lambda: f"one entry for the grant, one for its end: {entries()}")
    granted, revoked = entries()
    assert granted["MESSAGE_ID"] != revoked["MESSAGE_ID"]
    assert granted["HELICOPTER_UNIT"] == revoked["HELICOPTER_UNIT"] == unit("count")
    assert granted["HELICOPTER_TRACER_EXE"].startswith("/usr/bin/python3")
    assert granted["HELICOPTER_TRACER_UID"] == str(os.getuid())
    assert float(revoked["HELICOPTER_SECONDS"]) >= 0


def test_job_without_the_users_bus(session):
    """The private socket is enough for the client, as under su or in a container."""
    del session.env["DBUS_SESSION_BUS_ADDRESS"]
    file = session.folder / "count"
    session.client("run", "--job", "count", "--", "python3.14", JOBS / "counter.py", file)
    session.wait_state("count", "running")
    session.attach("count").quit()


def test_runtime_folder_falls_back(session):
    session.run_counter("count")
    del session.env["XDG_RUNTIME_DIR"], session.env["DBUS_SESSION_BUS_ADDRESS"]
    assert "count" in session.client("list").stdout


@pytest.fixture
def home_installation(session):
    """An installation with --prefix=$HOME/.local, in place; gone afterwards."""
    prefix = Path(session.env["HOME"]) / ".local"
    shutil.copytree(HOME_INSTALL, prefix, dirs_exist_ok=True)
    session.systemctl("stop", "helicopterd.socket", "helicopterd.service")
    session.systemctl("daemon-reload")
    reload_bus(session)
    yield prefix
    session.reset()
    session.systemctl("stop", "helicopterd.socket", "helicopterd.service")
    for path in HOME_INSTALL.rglob("*"):
        if path.is_file():
            (prefix / path.relative_to(HOME_INSTALL)).unlink()
    session.systemctl("daemon-reload")
    reload_bus(session)


def reload_bus(session):
    wait.run("busctl", "--user", "call", "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "ReloadConfig", env=session.env)


@pytest.mark.parametrize("how", ["socket", "bus name"])
def test_installation_below_home(session, home_installation, how):
    if how == "socket":
        session.systemctl("enable", "--now", "helicopterd.socket")
    else:
        session.busctl("call", NAME, MANAGER_PATH, MANAGER, "ListJobs")
    file = session.folder / "count"
    wait.run(home_installation / "bin/helicopter-client", "run", "--job", "count", "--", "python3.14", JOBS / "counter.py", file, env=session.env)
    wait.until(file.exists, "the job runs")
    assert os.readlink(f"/proc/{session.daemon_pid()}/exe") == str(home_installation / "libexec/helicopterd")
    parent = session.get_property(job_path("count"), JOB, "ParentPID")
    assert os.readlink(f"/proc/{parent}/exe") == str(home_installation / "bin/helicopter-parent")
    terminal = session.spawn(home_installation / "bin/helicopter-client", "attach", "count")
    terminal.expect_exact("(Pdb) ")
    terminal.sendline("quit")
    terminal.expect("(?i)detached")
    session.systemctl("disable", "helicopterd.socket", check=False)
    assert CLIENT.exists()
