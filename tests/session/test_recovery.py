# SPDX-License-Identifier: LGPL-2.1-or-later
"""The daemon ends in every way that a service manager knows, while jobs run as units."""

import os
import signal

import pytest
from support import storm, wait
from support.process import zombies
from support.session import pid_alive, unit

KILLS = int(os.environ.get("HELICOPTER_STORM", "15"))
SECONDS = 20 * KILLS

PROPERTIES = ["State", "PID", "ParentPID", "Unit", "ControlGroup", "CommandLine", "StartTimestamp", "TracerPID", "TracerCommand", "TracerSince"]


def properties(session, name):
    found = session.properties(name)
    return {key: found[key] for key in PROPERTIES}


def kill(session):
    """Kill the daemon's unit's process. Returns whether there was one."""
    pid = session.daemon_pid()
    if pid:
        os.kill(pid, signal.SIGKILL)
        wait.until(lambda: not pid_alive(pid), "the daemon ends")
    return bool(pid)


def restart(session, how):
    before = session.daemon_pid()
    if how == "kill":
        kill(session)
    elif how == "restart":
        session.systemctl("restart", "helicopterd.service")
    elif how == "stop":
        session.systemctl("stop", "helicopterd.service", "helicopterd.socket")
        session.systemctl("start", "helicopterd.socket")
    wait.until(lambda: session.list() is not None and session.daemon_pid() not in (0, before), "another daemon serves")


@pytest.mark.parametrize("how", ["kill", "restart", "stop"])
def test_daemon_comes_back(session, how):
    """The first answer of the new daemon tells all that there is; a debugger notices nothing; its end still takes the permission back."""
    job = session.run_counter("count")
    pdb = session.attach("count")
    before = properties(session, "count")
    assert before["Unit"] == unit("count") and before["TracerPID"]
    restart(session, how)
    assert properties(session, "count") == before
    assert pdb.number("counter") > 0
    pdb.quit()
    wait.until(lambda: properties(session, "count")["TracerPID"] == 0, "the lease ends")
    job.counts_on()
    assert properties(session, "count")["ParentPID"] == before["ParentPID"]
    session.attach("count").quit()


def test_end_without_a_daemon(session):
    job = session.run_counter("count")
    pid, parent = job.PID, job.ParentPID
    session.systemctl("stop", "helicopterd.socket", "helicopterd.service")
    os.kill(pid, signal.SIGKILL)
    wait.until(lambda: not pid_alive(parent), "the parent ends")
    session.systemctl("start", "helicopterd.socket")
    assert session.list()["count"][2] == "failed"
    assert (job.ExitCode, job.ExitSignal) == (-1, signal.SIGKILL)
    assert job.Unit == unit("count")
    session.client("forget", "count")
    restart(session, "restart")
    assert session.list() == {}


def test_killed_parent_of_a_unit(session):
    """The service manager ends what is left of the unit; the job is told as failed."""
    job = session.run_counter("count")
    pid, parent = job.PID, job.ParentPID
    os.kill(parent, signal.SIGKILL)
    wait.until(lambda: not pid_alive(pid), "the job ends")
    session.wait_state("count", "failed")
    assert str(parent) in job.FailureReason
    wait.until(lambda: session.show(unit("count"), "ActiveState")["ActiveState"] in ("inactive", "failed"), "the unit is gone")
    session.run_counter("count")


@pytest.mark.deadline(SECONDS + 4 * wait.SECONDS)
def test_kill_storm(session):
    """As natively, with units, and fewer."""
    counters = [session.run_counter(f"count{number}") for number in range(2)]
    pids = [(job.PID, job.ParentPID, job.StartTimestamp) for job in counters]
    weather = storm.Storm(session, counters)
    killed = weather.run(KILLS, lambda: kill(session), lambda: session.client("list", check=False), SECONDS, slowness=20)
    print(f"killed {killed} times; {weather.done}")
    assert killed > KILLS / 3
    weather.check_jobs()
    weather.check_leases()
    assert [(job.PID, job.ParentPID, job.StartTimestamp) for job in counters] == pids

    def units():
        weather.clear()
        found = session.systemctl("list-units", "--all", "--plain", "--no-legend", "helicopter-*.service").stdout
        return sorted(line.split()[0] for line in found.splitlines())

    wait.until(lambda: units() == [unit(job.name) for job in counters], lambda: f"no other unit is left: {units()}")
    assert zombies(session.daemon_pid(), *(parent for _, parent, _ in pids)) == []
    assert set(session.list()) == {job.name for job in counters}
