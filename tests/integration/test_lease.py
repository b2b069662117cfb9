# SPDX-License-Identifier: LGPL-2.1-or-later
"""Leases: one tracer at a time, told from the connection and not from what it says, ended with its holder."""

import os
import time

import pytest
from support import wait
from support.process import command_line
from support.sdbus import BusError
from support.session import ERROR, JOB, JOBS, grant, job_path

pytestmark = pytest.mark.parametrize("session", ["bus", "no bus"], indirect=True)

# A process of its own that takes the lease, says so on stdout, and ends when it is told to on stdin.
HOLDER = """
import sys
from support.sdbus import Connection
peer = Connection(sys.argv[1], bus=False)
lease = peer.call(sys.argv[2], "org.helicopter1.Job", "Grant", "ua{sv}", 0, {})
print("granted", flush=True)
sys.stdin.read()
"""


def hold(session, name):
    """Have another process take the lease."""
    holder = session.python(HOLDER, session.address, job_path(name))
    assert holder.stdout.readline() == "granted\n"
    return holder


def test_holder_is_who_asked(session):
    job = session.run_counter("count")
    assert (job.TracerPID, job.TracerCommand, job.TracerSince) == (0, "", 0)
    for connection in session.connections():
        with connection:
            before = time.time()
            lease = grant(connection, "count")
            assert job.TracerPID == os.getpid()
            assert job.TracerCommand == command_line("self")
            assert before <= job.TracerSince / 1e6 <= time.time()
            os.close(lease)
            wait.until(lambda: job.TracerPID == 0, "closing the lease ends it")
            assert (job.TracerCommand, job.TracerSince) == ("", 0)


def test_end_of_a_lease_is_noticed_at_once(session):
    """The event is told within 100 ms of the holder's end; the best of some, since this machine may be busy."""
    session.run_counter("count")
    times = []
    with session.peer() as peer, session.peer() as listener:
        changes = listener.signals(f"type='signal',member='PropertiesChanged',path='{job_path('count')}'")
        for _ in range(10):
            lease = grant(peer, "count")
            changes.clear()
            before = time.monotonic()
            os.close(lease)
            listener.process(lambda: any(change[3][1].get("TracerPID") == 0 for change in changes), "the end is told")
            times.append(time.monotonic() - before)
    assert min(times) < 0.1, times


def test_lease_outlives_the_connection(session):
    """It is the descriptor that counts."""
    job = session.run_counter("count")
    with session.peer() as peer:
        lease = grant(peer, "count")
    assert job.TracerPID == os.getpid()
    os.close(lease)
    wait.until(lambda: job.TracerPID == 0, "closing the lease ends it")


@pytest.mark.reaches("Error.TracerBusy")
def test_second_tracer_is_refused(session):
    job = session.run_counter("count")
    holder = hold(session, "count")
    with session.peer() as peer, pytest.raises(BusError) as refused:
        grant(peer, "count")
    assert refused.value.name == ERROR + "TracerBusy"
    assert str(holder.pid) in refused.value.message and "python" in refused.value.message
    since = time.strftime("%H:%M:%S", time.localtime(job.TracerSince / 1e6))
    assert f"since {since}" in refused.value.message
    assert str(holder.pid) in session.refused("attach", "--job", "count")
    assert job.TracerPID == holder.pid
    holder.communicate()
    wait.until(lambda: job.TracerPID == 0, "the lease ends with its holder")
    session.attach("count").quit()


def test_lease_is_taken_over_by_force(session):
    job = session.run_counter("count")
    holder = hold(session, "count")
    with session.peer() as peer:
        lease = grant(peer, "count", force=True)
        assert job.TracerPID == os.getpid()
        holder.communicate()  # its end is no longer of interest
        job.counts_on()
        assert job.TracerPID == os.getpid()
        os.close(lease)
    wait.until(lambda: job.TracerPID == 0, "the lease ends")


def test_death_of_the_holder_ends_the_lease(session):
    """Also when a copy of the descriptor lives on elsewhere."""
    job = session.run_counter("count")
    holder = hold(session, "count")
    holder.kill()
    holder.communicate()
    wait.until(lambda: job.TracerPID == 0, "the lease ends with its holder")


def test_revoke(session):
    job = session.run_counter("count")
    with session.peer() as peer:
        lease = grant(peer, "count")
        peer.call(job_path("count"), JOB, "Revoke")
        assert job.TracerPID == 0
        peer.call(job_path("count"), JOB, "Revoke")  # nothing to end is no error
        os.close(lease)


def test_lease_of_a_descendant(session):
    child = session.run_family()
    with session.peer() as peer:
        os.close(grant(peer, "family", child))


def test_lease_survives_the_daemon(session):
    """The lease is the parent's: a new daemon knows of it, and the holder's end still ends it."""
    job = session.run_counter("count")
    holder = hold(session, "count")
    since = job.TracerSince
    session.kill_daemon()
    job.counts_on()
    session.start_daemon()
    assert (job.TracerPID, job.TracerSince) == (holder.pid, since)
    holder.communicate()
    wait.until(lambda: job.TracerPID == 0, "the lease ends with its holder")


def test_lease_ends_while_there_is_no_daemon(session):
    job = session.run_counter("count")
    holder = hold(session, "count")
    session.kill_daemon()
    holder.communicate()
    session.start_daemon()
    wait.until(lambda: job.TracerPID == 0, "the lease has ended")


def test_two_jobs_two_tracers(session):
    session.run_counter("one")
    session.run_counter("two")
    with session.peer() as peer:
        first = grant(peer, "one")
        second = grant(peer, "two")
        os.close(first)
        os.close(second)


@pytest.mark.parametrize("target", [1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF])
@pytest.mark.reaches("Error.NotInJob")
def test_foreign_targets(session, target):
    job = session.run_counter("count")
    with session.peer() as peer, pytest.raises(BusError) as refused:
        grant(peer, "count", target)
    assert refused.value.name == ERROR + "NotInJob"
    assert job.TracerPID == 0


@pytest.mark.reaches("Error.NotPython")
def test_not_a_python(session):
    session.client("run", "--job", "sleep", "--", "/bin/sleep", "1000")
    with session.peer() as peer:
        with pytest.raises(BusError) as refused:
            grant(peer, "sleep", python=True)
        assert refused.value.name == ERROR + "NotPython"
        os.close(grant(peer, "sleep"))  # another tracer may well look at it
    assert "ython" in session.refused("attach", "--job", "sleep")
    assert session.list()["sleep"][2] == "running"


@pytest.mark.parametrize("how", [{"env": {"PYTHON_DISABLE_REMOTE_DEBUG": "1"}}, {"option": "-Xdisable-remote-debug"}])
@pytest.mark.reaches("Error.RemoteDebugDisabled")
def test_remote_debugging_switched_off(session, how):
    file = session.folder / "off.count"
    session.client("run", "--job", "off", "--", "python3.14", *([how["option"]] if "option" in how else []), JOBS / "counter.py", file,
                   env=how.get("env"))
    wait.until(file.exists, "the job runs")
    with session.peer() as peer, pytest.raises(BusError) as refused:
        grant(peer, "off", python=True)
    assert refused.value.name == ERROR + "RemoteDebugDisabled"
    message = session.refused("attach", "--job", "off")
    assert "PYTHON_DISABLE_REMOTE_DEBUG" in message or "disable-remote-debug" in message
    assert session.list()["off"][2] == "running"


def test_client_shows_the_holder(session):
    session.run_counter("count")
    pdb = session.attach("count")
    assert f"pid {session.list()['count'][4]} " in session.refused("attach", "--job", "count")
    pdb.quit()
