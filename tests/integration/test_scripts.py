# SPDX-License-Identifier: LGPL-2.1-or-later
"""Job.RemoteExec, Job.Wake and Job.ListProcesses, as the bus has them."""

import os

import pytest
from support import sdbus, wait
from support.session import ERROR, JOB, JOBS, job_path


def script(session, text):
    """A file with a script."""
    path = session.folder / "script.py"
    path.write_text(text)
    return os.open(path, os.O_RDONLY)


def remote_exec(peer, session, name, text, target=0, options=None):
    fd = script(session, text)
    try:
        return peer.call(job_path(name), JOB, "RemoteExec", "uha{sv}", target, fd, options or {})
    finally:
        os.close(fd)


@pytest.mark.parametrize("python", ["python3.14", "python3.15", "python3.14-dbg", "python3.15-dbg"])
def test_a_script_is_run(session, python):
    job = session.run_counter("count", python)
    with session.peer() as peer:
        for number in range(5):
            remote_exec(peer, session, "count", f"open({str(session.folder)!r} + '/ran-{number}', 'w').close()")
            wait.until(lambda number=number: (session.folder / f"ran-{number}").exists(), "the script runs")
    job.counts_on()


def test_processes(session):
    job = session.run_counter("count")
    with session.peer() as peer:
        processes = peer.call(job_path("count"), JOB, "ListProcesses")
    assert len(processes) == 1
    pid, parent, state, version, command = processes[0]
    assert (pid, parent) == (job.PID, job.ParentPID)
    assert state in "RSD"
    assert version.startswith("3.14.")
    assert str(JOBS / "counter.py") in command
