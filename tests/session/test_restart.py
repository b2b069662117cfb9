# SPDX-License-Identifier: LGPL-2.1-or-later
"""restart of jobs that are units."""

import os
import resource
from pathlib import Path

import pytest
from support import restarts, wait
from support.process import environment
from support.restarts import Slow, begun
from support.session import pid_alive, unit

ALWAYS = ("-p", "Restart=always", "-p", "RestartSec=0", "-p", "StartLimitIntervalSec=0")


def load_state(session, name):
    return session.show(unit(name), "LoadState")["LoadState"]


@pytest.fixture
def slow(session):
    """A job that has been told to end for a restart, and does so when it may: its pid, and the client that has asked."""
    with restarts.restarting(session) as restart:
        def start(*options):
            job = Slow(session, *options)
            client = restart("--grace=600", "slow")
            job.asked()
            return job.pid, client

        yield start


@pytest.mark.parametrize("policy", [(), ALWAYS])
def test_unit_is_as_it_was(session, policy):
    job = session.run_counter(options=["-E", "SECRET=x", "-p", "MemoryMax=200M", "-p", "LimitNOFILE=512:1024", "-p", "Description=counts = fine", *policy],
                              umask=0o027)
    names = ("MemoryMax", "LimitNOFILE", "LimitNOFILESoft", "Description", "UMask", "Restart", "Slice", "WorkingDirectory", "NRestarts", "ActiveState")
    before = session.show(unit("count"), *names)
    assert before["MemoryMax"] == str(200 << 20) and before["UMask"] == "0027"
    invocation = session.show(unit("count"), "InvocationID")
    for _ in range(2):
        pid = job.PID
        assert session.client("restart", "count").stdout == "count\n"
        assert not pid_alive(pid) and job.State == "running" and job.PID != pid
        assert session.show(unit("count"), *names) == before
        assert b"SECRET=x" in environment(job.PID)
    assert session.show(unit("count"), "InvocationID") != invocation
    assert resource.prlimit(job.PID, resource.RLIMIT_NOFILE) == (512, 1024)
    pdb = session.attach("count")
    assert pdb.number("1 + 1") == 2
    pdb.quit()
    assert list(session.list()) == ["count"]
    # The service manager's own way, and then this one.
    pid = job.PID
    session.systemctl("restart", unit("count"))
    wait.until(lambda: session.list().get("count", [None] * 3)[2] == "running" and job.PID != pid, "it is known again")
    session.client("restart", "count")
    assert b"SECRET=x" in environment(job.PID)
    session.client("stop", "count")
    wait.until(lambda: load_state(session, "count") == "not-found", "the unit is gone")


@pytest.mark.parametrize("options", [(), ("-p", "Restart=on-failure", "-p", "RestartSec=1h")])
def test_ended_job(session, options):
    """Also one whose unit waits to be started again."""
    script = f"echo $$ >>{session.folder}/began; exit 3"
    session.client("run", "--wait", "--job", "fails", *options, "--", "/bin/sh", "-c", script, check=False)
    if options:
        wait.until(lambda: session.show(unit("fails"), "SubState")["SubState"] == "auto-restart", "the unit waits")
    session.client("restart", "fails")
    begun(session, 2)
    session.wait_state("fails", "failed")


def test_what_the_job_has_left_ends_first(session):
    """A process of the first is not there any more when the second begins."""
    script = f"""
        [ ! -e {session.folder}/child ] || ! kill -0 $(cat {session.folder}/child) || echo "it was there" >{session.folder}/wrong
        setsid sh -c 'trap "" TERM; echo $$ >{session.folder}/child; while :; do sleep 1; done' &
        while [ ! -e {session.folder}/child ]; do sleep 0.1; done
        echo $$ >>{session.folder}/began
        wait"""
    session.client("run", "--job", "family", "--", "/bin/sh", "-c", script)
    begun(session, 1)
    child = int((session.folder / "child").read_text())
    session.client("restart", "family")
    begun(session, 2)
    assert not pid_alive(child) and not (session.folder / "wrong").exists()


@pytest.mark.parametrize("daemon", ["is restarted", "is stopped", "is killed"])
def test_daemon_that_is_replaced(session, slow, daemon):
    pid, client = slow("-p", "MemoryMax=200M")
    parent = session.get_property("/org/helicopter1/job/slow", "org.helicopter1.Job", "ParentPID")
    if daemon == "is killed":
        os.kill(session.daemon_pid(), 9)
    else:
        session.systemctl("restart" if daemon == "is restarted" else "stop", "helicopterd.service")
    assert client.wait(wait.SECONDS) == 1
    (session.folder / "go").touch()  # where no daemon runs, the job's parent has one started
    now = begun(session, 2)[1]
    wait.until(lambda: session.list()["slow"][2:4] == ("running", now), "it is known")
    assert not pid_alive(pid)
    wait.until(lambda: not pid_alive(parent), "the first parent ends")
    assert session.get_property("/org/helicopter1/job/slow", "org.helicopter1.Job", "Unit") == unit("slow")
    assert session.show(unit("slow"), "MemoryMax")["MemoryMax"] == str(200 << 20)


def test_stopped_unit_is_not_started_again(session, slow):
    pid, client = slow()
    session.systemctl("stop", "--no-block", unit("slow"))
    assert client.wait(wait.SECONDS) == 1
    assert "was told to end meanwhile" in client.stderr.read()
    (session.folder / "go").touch()
    wait.until(lambda: load_state(session, "slow") == "not-found", "the unit is gone")
    assert begun(session, 1) == [pid]


def test_job_from_a_file(session):
    path = Path(session.env["HOME"]) / ".config/helicopter/jobs/filed.conf"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"[Job]\nCommand=/bin/sleep 1000\nEnvironment=HELICOPTER_TEST={session.folder}\n")
    try:
        session.systemctl("start", "helicopter-job@filed.service")
        session.wait_state("filed", "running")
        pid = session.list()["filed"][3]
        said = session.refused("restart", "filed", code=1)
        command = "systemctl --user restart helicopter-job@filed.service"
        assert f"'{command}'" in said and session.list()["filed"][3] == pid
        wait.run(*command.split(), env=session.env)
        wait.until(lambda: session.list()["filed"][2] == "running" and session.list()["filed"][3] != pid, "that does it")
    finally:
        session.systemctl("stop", "helicopter-job@filed.service", check=False)
        path.unlink()
