# SPDX-License-Identifier: LGPL-2.1-or-later
"""Jobs that make it hard, under Yama: filtered, traced by somebody else, in a mount namespace of their own."""

import os
import subprocess
from pathlib import Path

import pytest
from support import probe, wait
from support.ptrace import may_trace
from support.sdbus import BusError
from support.session import ERROR, JOBS, Job, grant


def start(session, how, command=()):
    file = Path.home() / "hostile.count"  # seen by a job that sees another /tmp, too
    file.unlink(missing_ok=True)
    session.client("run", "--job", "hostile", "--", *command, "python3.14", JOBS / "hostile.py", how, file)
    job = Job(session, "hostile", file)
    wait.until(job.counter, "the job runs")
    return job


@pytest.mark.reaches("Error.SeccompFiltered")
def test_seccomp(session):
    """Nothing is injected into a job whose system calls are filtered: its filter might kill it. Its Python may be asked to."""
    job = start(session, "seccomp")
    with session.peer() as peer:
        with pytest.raises(BusError) as refused:
            grant(peer, "hostile")
        assert refused.value.name == ERROR + "SeccompFiltered"
        assert not may_trace(job.PID)
        lease = grant(peer, "hostile", via="remote-exec")
        assert may_trace(job.PID)
        os.close(lease)
        wait.until(lambda: not may_trace(job.PID), "closing the lease takes the permission")
    assert "seccomp" in session.refused("attach", "hostile").lower()
    job.counts_on()


def test_undumpable(session):
    job = start(session, "undumpable")
    with session.peer() as peer, pytest.raises(BusError) as refused:
        grant(peer, "hostile")
    assert refused.value.name.startswith(ERROR)
    job.counts_on()


def test_foreign_tracer(session):
    """root's strace has the job: its Python is asked for the permission instead; and pdb goes together with strace."""
    job = start(session, "plain")
    tracer = subprocess.Popen(["sudo", "strace", "-f", "-o", "/dev/null", "-p", str(job.PID)], stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait.until(lambda: all(traced for _, traced in probe.in_kernel(job.PID)), "strace has the job")
    with session.peer() as peer:
        lease = grant(peer, "hostile")
        assert may_trace(job.PID)
        os.close(lease)
    wait.until(lambda: job.TracerPID == 0, "closing the lease ends it")
    wait.run("sudo", "kill", tracer.pid)
    tracer.wait(wait.SECONDS)
    job.counts_on()
    session.attach("hostile").quit()


def test_mount_namespace(session):
    """The job sees other folders where files for it are usually put."""
    hidden = 'mount -t tmpfs tmpfs /tmp && mount -t tmpfs tmpfs "$XDG_RUNTIME_DIR" && exec "$@"'
    job = start(session, "plain", ["unshare", "--user", "--map-current-user", "--keep-caps", "--mount", "sh", "-c", hidden, "sh"])
    for _ in range(2):
        pdb = session.attach("hostile")
        assert "work" in pdb.command("where")
        pdb.quit()
        job.counts_on()
