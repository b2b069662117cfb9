# SPDX-License-Identifier: LGPL-2.1-or-later
"""Properties of a job's unit, jobs that are started again, and jobs from files."""

import os
import signal
from pathlib import Path

import pytest
from support import process, sdbus, wait
from support.session import ERROR, JOBS, Job, pid_alive, unit

SECRET = "correct horse battery staple"
RESTART = ("-p", "Restart=on-failure", "-p", "RestartSec=200ms", "-p", "StartLimitIntervalSec=0")


def umask_of(pid):
    return process.status(pid)["Umask"]


def run_counter(session, *options, umask=-1):
    return session.run_counter(options=["-E", f"SECRET={SECRET}", *options], umask=umask)


def kept_environments(session):
    """How many memory files with an environment the service manager holds."""
    manager = session.show("dbus.service", "MainPID")["MainPID"]
    parent = process.status(manager)["PPid"]
    # It has a capability that its user has not, so its descriptors are root's to list.
    return wait.run("sudo", "ls", "-l", f"/proc/{parent}/fd").stdout.count("helicopter-start")


def next_process(job, before):
    """The pid of a job's main process, when it is another than before, and counts."""

    def running():
        listed = job.session.list().get(job.name)
        return listed[3] if listed and listed[2] == "running" and listed[3] != before else None

    pid = wait.until(running, lambda: f"job {job.name} is started again: {job.session.list()}")
    job.counts_on()
    return pid


def test_properties_reach_the_unit(session):
    log = session.folder / "a log"
    job = run_counter(session, "-p", "MemoryMax=200M", "-p", "MemoryHigh=50%", "-p", "TasksMax=50", "-p", "CPUQuota=50%", "-p", "CPUWeight=50",
                      "-p", "Nice=5", "-p", "OOMPolicy=kill", "-p", "OOMScoreAdjust=500", "-p", "LimitNOFILE=512:1024", "-p", "LimitCORE=0",
                      "-p", "TimeoutStopSec=1min 30s", "-p", "RuntimeMaxSec=1h", "-p", "KillSignal=SIGINT", "-p", "CPUAffinity=0",
                      "-p", "Description=counts = fine", "-p", f"StandardOutput=append:{log}", "-p", "StandardError=null", "-p", "UMask=0031")
    expected = {"MemoryMax": str(200 << 20), "TasksMax": "50", "CPUQuotaPerSecUSec": "500ms", "CPUWeight": "50", "Nice": "5", "OOMPolicy": "kill",
                "OOMScoreAdjust": "500", "LimitNOFILE": "1024", "LimitNOFILESoft": "512", "LimitCORE": "0", "TimeoutStopUSec": "1min 30s",
                "RuntimeMaxUSec": "1h", "KillSignal": "2", "CPUAffinity": "0", "Description": "counts = fine", "StandardOutput": "append",
                "StandardError": "null", "UMask": "0031", "Slice": "helicopter.slice"}
    assert session.show(unit("count"), *expected) == expected
    assert os.sched_getaffinity(job.PID) == {0}
    assert umask_of(job.PID) == "0031"
    assert log.exists()


@pytest.mark.parametrize(("assignment", "said"), [
    ("MemoryMx=1G", "MemoryMax"), ("MemoryMax=much", "'much' is no value for MemoryMax"), ("MemoryMax", "NAME=VALUE"),
    ("ExecStart=/bin/sh", "has no property 'ExecStart'"), ("PrivateTmp=yes", "same /tmp"), ("PrivateNetwork=yes", "could not be reached")])
def test_refused_properties(session, assignment, said):
    assert said in session.refused("run", "--job", "x", "-p", assignment, "--", "/bin/true", code=125)
    assert "x" not in session.list()
    with session.peer() as peer, pytest.raises(sdbus.BusError) as caught:
        session.start_job("x", ["/bin/true"], options={"properties": ("as", [assignment])}, connection=peer)
    assert caught.value.name == ERROR + "BadOption"


def test_refused_by_the_service_manager(session):
    """A path that is not as short as it could be is one that only the service manager objects to."""
    said = session.refused("run", "--job", "x", "-p", "StandardOutput=append:/a/../b", "--", "/bin/true", code=125)
    assert "service manager did not start helicopter-x.service:" in said
    session.client("run", "--wait", "--job", "x", "--", "/bin/true")


@pytest.mark.parametrize("mask", [0o027, 0o002])
def test_umask_is_the_callers(session, mask):
    assert umask_of(run_counter(session, umask=mask).PID) == f"{mask:04o}"


@pytest.mark.parametrize("who", ["job", "parent"])
@pytest.mark.parametrize("daemon", ["runs", "is stopped", "is restarted", "the service manager reloads"])
def test_restart(session, who, daemon):
    job = run_counter(session, *RESTART, umask=0o027)
    pid, started, victim = job.PID, job.StartTimestamp, job.PID if who == "job" else job.ParentPID
    if daemon == "is stopped":
        session.systemctl("stop", "helicopterd.service", "helicopterd.socket")
    elif daemon == "is restarted":
        session.systemctl("restart", "helicopterd.service")
    elif daemon == "the service manager reloads":
        session.systemctl("daemon-reload")
    os.kill(victim, signal.SIGKILL)
    if daemon == "is stopped":
        wait.until(lambda: session.show(unit("count"), "NRestarts")["NRestarts"] == "1", "the unit is started again")
        job.counts_on()
        session.systemctl("start", "helicopterd.socket", "helicopterd.service")
    again = next_process(job, pid)
    assert session.show(unit("count"), "NRestarts")["NRestarts"] == "1"
    assert job.Unit == unit("count") and job.StartTimestamp > started and job.ExitSignal == 0 and job.EndTimestamp == 0
    assert f"SECRET={SECRET}".encode() in process.environment(again)
    assert os.readlink(f"/proc/{again}/fd/0") == "/dev/null"
    assert umask_of(again) == "0027"
    pdb = session.attach("count")
    assert pdb.number("1 + 1") == 2
    pdb.quit()
    assert list(session.list()) == ["count"]


def test_restart_by_systemctl(session):
    job = run_counter(session)
    pid = job.PID
    session.systemctl("restart", unit("count"))
    assert f"SECRET={SECRET}".encode() in process.environment(next_process(job, pid))


def test_secrets_end_with_the_job(session):
    job = run_counter(session, *RESTART)
    assert kept_environments(session) == 1
    runtime = Path(session.env["XDG_RUNTIME_DIR"])
    for path in [*runtime.joinpath("helicopter").rglob("*"), *runtime.joinpath("systemd").rglob("*")]:
        if path.is_file() and os.access(path, os.R_OK):
            assert SECRET.encode() not in path.read_bytes(), path
    assert SECRET not in session.systemctl("show", unit("count")).stdout
    session.client("stop", "count")
    assert not pid_alive(job.PID)
    wait.until(lambda: kept_environments(session) == 0, "the service manager has let go of it")


@pytest.mark.parametrize("how", ["stop", "terminate"])
def test_what_was_stopped_is_not_started_again(session, how):
    """Whatever the policy and the exit status are."""
    script = "import signal, sys, time\nsignal.signal(signal.SIGTERM, lambda *_: sys.exit(3))\nopen(sys.argv[1], 'w')\nwhile True: time.sleep(1)"
    ready = session.folder / "ready"
    session.client("run", "--job", "stubborn", "-p", "Restart=always", "-p", "RestartSec=0", "-p", "StartLimitIntervalSec=0", "--", "python3.14", "-c", script, ready)
    wait.until(ready.exists, "the job runs")
    ready.unlink()
    session.client(*(["stop", "stubborn"] if how == "stop" else ["terminate"]))
    wait.until(lambda: session.show(unit("stubborn"), "LoadState")["LoadState"] == "not-found", "the unit is gone")
    assert session.processes() == []


def test_between_two_starts(session):
    """A job that waits to be started again: its name is not free."""
    session.client("run", "--wait", "--job", "fails", "-p", "Restart=on-failure", "-p", "RestartSec=1h", "--", "/bin/sh", "-c", "exit 3", check=False)

    def substate():
        return session.show(unit("fails"), "SubState")["SubState"]

    wait.until(lambda: substate() == "auto-restart", lambda: f"the unit waits: {substate()}")
    assert "systemctl --user stop helicopter-fails" in session.refused("run", "--job", "fails", "--", "/bin/true", code=125)
    assert substate() == "auto-restart"
    session.systemctl("stop", unit("fails"))
    session.client("run", "--wait", "--job", "fails", "--", "/bin/true")


def test_stop_between_two_starts(session):
    session.client("run", "--wait", "--job", "fails", "-p", "Restart=on-failure", "-p", "RestartSec=1h", "--", "/bin/sh", "-c", "exit 3", check=False)
    wait.until(lambda: session.show(unit("fails"), "SubState")["SubState"] == "auto-restart", "the unit waits")
    session.client("stop", "fails")
    wait.until(lambda: session.show(unit("fails"), "LoadState")["LoadState"] == "not-found", "the unit is gone")
    assert "has ended" in session.refused("stop", "fails")


def test_command_that_is_not_there_is_not_tried_again(session):
    session.refused("run", "--job", "x", *RESTART, "--", "/no/such/command", code=127)
    wait.until(lambda: session.show(unit("x"), "LoadState")["LoadState"] == "not-found", "the unit is gone")


# Jobs from files.


@pytest.fixture
def job_file(session):
    """Write ~/.config/helicopter/jobs/train.conf; what the job wants in [Job]."""
    path = Path(session.env["HOME"]) / ".config/helicopter/jobs/train.conf"
    path.parent.mkdir(parents=True, exist_ok=True)
    yield path.write_text
    session.systemctl("disable", "--now", "helicopter-job@train.service", check=False)
    session.systemctl("reset-failed", "helicopter-job@train.service", check=False)
    path.unlink()


def counter_file(session, job_file):
    file = session.folder / "train.count"
    job_file(f"[Job]\nCommand=python3.14 {JOBS / 'counter.py'} '{file}'\nWorkingDirectory={session.folder}\n"
             f"Environment=HELICOPTER_TEST={session.folder} 'GREETING=two words'\nGrantPolicy=ask-terminal\n")
    return Job(session, "train", file)


def test_job_from_a_file(session, job_file):
    job = counter_file(session, job_file)
    session.systemctl("enable", "--now", "helicopter-job@train.service")
    wait.until(job.counter, "the job counts")
    session.wait_state("train", "running")
    assert "train" in session.client("list").stdout
    assert job.Unit == "helicopter-job@train.service" and job.WorkingDirectory == str(session.folder)
    assert job.GrantPolicy == "ask-terminal"
    assert session.show(job.Unit, "Slice", "UnitFileState") == {"Slice": "helicopter.slice", "UnitFileState": "enabled"}
    environment = process.environment(job.PID)
    assert b"GREETING=two words" in environment and b"PYTHONUNBUFFERED=1" in environment
    session.attach("train").quit()
    pid = job.PID
    os.kill(pid, signal.SIGKILL)
    next_process(job, pid)
    session.attach("train").quit()
    session.client("stop", "train")
    assert session.show(job.Unit, "ActiveState")["ActiveState"] in ("inactive", "failed", "deactivating")


@pytest.mark.parametrize(("text", "said"), [("[Job]\nComand=x\n", "Comand"), ("[Job]\nCommand='x\n", "quot"), ("nonsense\n", "train.conf")])
def test_mistakes_in_a_file_are_told(session, job_file, text, said):
    job_file(text)
    session.systemctl("start", "helicopter-job@train.service", check=False)
    wait.until(lambda: session.show("helicopter-job@train.service", "ActiveState")["ActiveState"] == "failed", "the unit fails, and is not tried again")
    # Not by the unit: the journal does not know that of a process that has ended before it looks.
    wait.until(lambda: said in session.journal("-o", "cat"), "the journal says why")
