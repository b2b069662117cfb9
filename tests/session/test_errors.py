# SPDX-License-Identifier: LGPL-2.1-or-later
"""Rows of docs/errors.md that need namespaces or units, and that no other test comes upon (see tests/integration/test_errors.py)."""

import pytest
from support import wait
from support.session import DAEMON, JOBS, PrivateSession


@pytest.mark.reaches("Client.Error.OtherNamespace")
def test_job_with_a_network_of_its_own(session):
    file = session.folder / "count"
    session.client("run", "--job", "apart", "--", "unshare", "--user", "--map-current-user", "--net", "python3.14", JOBS / "counter.py", file)
    wait.until(file.exists, "the job runs")
    session.refused("attach", "apart", code=1)


@pytest.mark.reaches("daemon-bus-gone")
def test_message_bus_that_goes(session, opened):
    """The daemon of a unit, on a bus of its own."""
    private = opened(PrivateSession())
    private.start_bus()
    variables = [f"--setenv={name}={private.env[name]}" for name in ("XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "XDG_STATE_HOME")]
    wait.run("systemd-run", "--user", "--collect", "--unit=helicopter-daemon-apart", "--property=Type=notify", *variables, DAEMON, env=session.env)
    private.bus_daemon.kill()
    wait.until(lambda: session.show("helicopter-daemon-apart", "ActiveState")["ActiveState"] in ("failed", "inactive"), "the daemon ends")
    wait.until(lambda: "the daemon ends, to be started again" in session.logs(), "the journal has it")
