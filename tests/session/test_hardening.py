# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the units' files promise: the daemon is sandboxed, and no job is in it."""

import os
import re
from pathlib import Path

import pytest
from support import wait
from support.process import status
from support.session import CLIENT, PREFIX, pid_alive

UNITS = PREFIX / "lib/systemd/user"
EXPOSURE_MAX = 2.0


def namespaces(pid):
    return {kind: os.readlink(f"/proc/{pid}/ns/{kind}") for kind in ("user", "mnt", "net", "pid")}


def test_exposure(session, capsys):
    done = session.analyze("security", "--no-pager", "helicopterd.service")
    level = re.search(r"Overall exposure level for helicopterd.service: ([0-9.]+)", done.stdout)
    with capsys.disabled():
        print(f"\n{level[0]}")
    assert float(level[1]) <= EXPOSURE_MAX, done.stdout


@pytest.mark.parametrize("name", ["helicopterd.service", "helicopterd.socket", "helicopter.slice", "helicopter-job@.service"])
def test_units_are_sound(session, name):
    done = session.analyze("verify", "--man=no", UNITS / name, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_daemon_is_sandboxed_and_jobs_are_not(session):
    job = session.run_counter("count")
    daemon = status(session.daemon_pid())
    assert (daemon["Seccomp"], daemon["NoNewPrivs"], daemon["CapBnd"]) == ("2", "1", "0000000000000000")
    for pid in (job.ParentPID, job.PID):
        found = status(pid)
        assert (found["Seccomp"], found["NoNewPrivs"]) == ("0", "0"), found
        assert found["CapBnd"] == status("self")["CapBnd"]
        assert namespaces(pid) == namespaces("self")


def test_daemon_cannot_write_elsewhere(session):
    session.run_counter("count")
    mounts = Path(f"/proc/{session.daemon_pid()}/mountinfo").read_text().splitlines()
    options = {line.split()[4]: line.split()[5].split(",") for line in mounts}  # the last one at a place hides those before
    writable = {place for place in options if "rw" in options[place]}
    assert f"{session.env['XDG_RUNTIME_DIR']}/helicopter" in writable
    assert not {"/", "/home", session.env["HOME"], "/tmp", session.env["XDG_RUNTIME_DIR"]} & writable, mounts


@pytest.fixture
def no_user_bus(session):
    """The daemon's unit as in a login without a user bus."""
    folder = Path(session.env["XDG_RUNTIME_DIR"]) / "systemd/user/helicopterd.service.d"
    folder.mkdir(parents=True)
    (folder / "no-bus.conf").write_text("[Service]\nEnvironment=DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent\n")
    session.systemctl("daemon-reload")
    yield
    (folder / "no-bus.conf").unlink()
    folder.rmdir()
    session.systemctl("daemon-reload")


def test_jobs_are_units_without_a_user_bus(session, no_user_bus):
    """The service manager is asked over its own socket, so that no job gets into the daemon's sandbox."""
    del session.env["DBUS_SESSION_BUS_ADDRESS"]
    wait.run(CLIENT, "run", "--job", "sleep", "--", "sleep", "1000", env=session.env)
    _, _, state, pid, _, unit = session.list()["sleep"]
    assert (state, unit) == ("running", "helicopter-sleep.service")
    assert status(pid)["Seccomp"] == "0"
    session.client("stop", "sleep")
    assert not pid_alive(pid)
