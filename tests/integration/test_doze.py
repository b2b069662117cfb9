# SPDX-License-Identifier: LGPL-2.1-or-later
"""Connections of parents that have nothing to say doze: nobody notices."""

import os
import random
import select
import signal
import socket
import struct
import time
from concurrent import futures

import pytest
from support import probe, process, rawbus, wait
from support.sdbus import BusError
from support.session import ERROR, JOB, MANAGER_PATH, grant, job_path, pid_alive

REGISTRY = "org.helicopter1.Registry"


def dozes(session, name):
    return process.dozes(session.properties(name)["ParentPID"], session.daemon.pid)


def wait_dozing(session, name):
    wait.until(lambda: dozes(session, name), f"the connection of {name}'s parent dozes")


@pytest.fixture
def job(session):
    job = session.run_counter("count")
    wait_dozing(session, "count")
    return job


def test_orders_wake_it(session, job):
    with session.peer() as peer:
        lease = grant(peer, "count")
        assert not dozes(session, "count") and session.list()["count"][4] != 0
        wait_dozing(session, "count")
        os.close(lease)
        wait.until(lambda: session.list()["count"][4] == 0, "the end of the lease is told")
    session.attach("count").quit()
    probe.nothing_is_left(session, "count")


def test_end_is_told(session, job):
    os.kill(job.PID, signal.SIGKILL)
    session.wait_state("count", "failed")
    assert session.properties("count")["ExitSignal"] == signal.SIGKILL


def test_stop(session, job):
    session.client("stop", "count")
    assert session.list()["count"][2] in ("exited", "failed")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_daemon_ends(session, job, number):
    before = session.list()
    session.kill_daemon(number)
    job.counts_on()
    session.start_daemon()
    assert session.list() == before
    wait_dozing(session, "count")
    session.attach("count").quit()


def test_job_ends_without_a_daemon(session, job):
    pid = job.PID
    session.kill_daemon()
    os.kill(pid, signal.SIGKILL)
    wait.until(lambda: not pid_alive(pid), "the job ends")
    session.start_daemon()
    session.wait_state("count", "failed")


def test_parent_is_killed(session, job):
    os.kill(session.properties("count")["ParentPID"], signal.SIGKILL)
    session.wait_state("count", "failed")


def test_parent_is_stopped(session, job):
    """Who asks is told in time, and whatever is asked later is answered."""
    parent = session.properties("count")["ParentPID"]
    os.kill(parent, signal.SIGSTOP)
    try:
        with session.peer() as peer:
            with pytest.raises(BusError, match="did not answer"):
                peer.call(job_path("count"), JOB, "Where")
            with pytest.raises(BusError, match="does not answer"):
                peer.call(job_path("count"), JOB, "Where")
    finally:
        os.kill(parent, signal.SIGCONT)
    with session.peer() as peer:
        os.close(grant(peer, "count"))
    session.attach("count").quit()


def test_many_at_the_moment_of_falling_asleep(session):
    """Orders and news cross with what is said about dozing."""
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    jobs = [session.run_counter(f"job{number}") for number in range(8)]

    def work(name, pauses):
        with session.peer() as peer:
            for pause in pauses:
                time.sleep(pause)  # no event is waited for: the moment is the test's parameter
                os.close(grant(peer, name))
                peer.call(job_path(name), JOB, "Where")

    # A connection that was not used for a quarter of a second dozes, and that is looked at each quarter.
    with futures.ThreadPoolExecutor(len(jobs)) as pool:
        running = [pool.submit(work, f"job{number}", [chance.choice((0.25, 0.5)) + chance.uniform(-0.01, 0.02) for _ in range(12)]) for number in range(len(jobs))]
        for one in running:
            one.result()
    for number, job in enumerate(jobs):
        job.counts_on()
        probe.nothing_is_left(session, f"job{number}")


# Who plays a parent.


class Parent:
    """Registers a job, and does what a test wants."""

    def __init__(self, session):
        self.raw = rawbus.Raw(session.socket)
        self.bell = self.ringer = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.raw.close()
        self.close_bell()

    def close_bell(self):
        for fd in (self.bell, self.ringer):
            if fd is not None:
                os.close(fd)
        self.bell = self.ringer = None

    def call(self, method, signature, *arguments, fds=()):
        """Send a call; return what comes next, which may be an order."""
        self.raw.serial += 1
        self.raw.send(rawbus.method_call(self.raw.serial, MANAGER_PATH, REGISTRY, method, signature, *arguments, fds=len(fds)), fds)
        return self.receive()

    def receive(self):
        """What is no signal: those are for whoever has not registered yet."""
        while (message := self.raw.receive()).kind == rawbus.SIGNAL:
            pass
        return message

    def register(self, name="played"):
        assert self.call("Register", "sba{sv}", name, True, {"State": ("s", "running")}).values == [name]

    def doze(self):
        """Ask for it; return whether the daemon agrees."""
        self.close_bell()
        self.bell, self.ringer = os.pipe()
        return self.call("Doze", "h", 0, fds=[self.ringer]).values[0]

    def fall_asleep(self):
        assert self.doze()
        os.close(self.ringer)
        self.ringer = None

    def wake(self):
        """The answer is for receive(), as are the orders that were waiting."""
        self.raw.authenticate()
        self.raw.send_call(MANAGER_PATH, REGISTRY, "Update", "a{sv}", {})

    def rings(self):
        """Wait for it."""
        assert select.select([self.bell], [], [], wait.SECONDS)[0] and os.read(self.bell, 1) == b""


def ask(session, name="played"):
    """Have the daemon send an order, in a thread of its own; return what is to become of it."""

    def run():
        with session.peer() as peer:
            return peer.call(job_path(name), JOB, "ListProcesses")

    return futures.ThreadPoolExecutor(1).submit(run)


def test_both_sides(session):
    """Either begins anew, at any time."""
    with Parent(session) as parent:
        parent.register()
        parent.fall_asleep()
        answer = ask(session)
        parent.rings()
        parent.wake()
        order = parent.receive()
        assert order.member == "ListProcesses"
        parent.raw.send(rawbus.message(rawbus.METHOD_RETURN, 1, "a(uusss)", rawbus.marshal("a(uusss)", []), reply_to=order.serial))
        assert answer.result(wait.SECONDS) == []
        assert parent.receive().kind == rawbus.METHOD_RETURN
        parent.fall_asleep()
        parent.raw.authenticate()
        assert parent.call("Update", "a{sv}", {"PythonVersion": ("s", "3.99.0")}).values == []
        assert session.properties("played")["PythonVersion"] == "3.99.0"


def test_not_while_there_are_orders(session):
    with Parent(session) as parent:
        parent.register()
        answer = ask(session)
        order = parent.receive()
        assert order.member == "ListProcesses" and not parent.doze()
        parent.raw.send(rawbus.message(rawbus.METHOD_RETURN, 99, "a(uusss)", rawbus.marshal("a(uusss)", []), reply_to=order.serial))
        assert answer.result(wait.SECONDS) == []
        assert parent.doze()


def test_order_that_waits_too_long(session):
    """It is not carried out later: who asked was told that it is not."""
    with Parent(session) as parent:
        parent.register()
        parent.fall_asleep()
        with session.peer() as peer, pytest.raises(BusError, match="did not answer"):
            peer.call(job_path("played"), JOB, "Where")
        parent.wake()
        assert parent.receive().kind == rawbus.METHOD_RETURN
        answer = ask(session)
        assert parent.receive().member == "ListProcesses"
    with pytest.raises(BusError):
        answer.result(wait.SECONDS)


def test_not_registered(session):
    with Parent(session) as parent:
        assert parent.call("Update", "a{sv}", {}).error == ERROR + "NoSuchJob"
        with open(os.devnull) as file:
            assert parent.call("Doze", "h", 0, fds=[file.fileno()]).error == ERROR + "NoSuchJob"


@pytest.mark.parametrize("says", [b"x" * 4096, b"l\1\0\1" + bytes(12), b""], ids=["rubbish", "message", "nothing"])
def test_what_is_no_beginning(session, says):
    """It loses its connection, and an order to it fails."""
    with Parent(session) as parent:
        parent.register()
        parent.fall_asleep()
        answer = ask(session)
        parent.rings()
        if says:
            parent.raw.socket.sendall(says)
        else:
            parent.raw.socket.shutdown(socket.SHUT_WR)
        with pytest.raises(BusError) as caught:
            answer.result(wait.SECONDS)
        assert caught.value.name == ERROR + "ParentLost"
    assert session.client("version").stdout


def test_one_that_waits_for_another(session):
    """Two parents that are clients, too: each end is told to whoever waits, at once."""
    with Parent(session) as first, Parent(session) as second:
        first.register()
        second.register("second")
        second.raw.send_call(job_path("played"), JOB, "ListProcesses")
        assert first.receive().member == "ListProcesses"
        answer = ask(session, "second")
        assert second.receive().member == "ListProcesses"
        second.raw.send(b"l\1\0\1" + struct.pack("<III", 1 << 27, 1, 0))  # too large a message
        with pytest.raises(BusError, match="lost"):
            answer.result(wait.SECONDS)
    assert session.client("version").stdout


def test_bell_that_is_none(session):
    """The daemon closes it, whatever it is."""
    with Parent(session) as parent:
        parent.register()
        with open(os.devnull) as file:
            assert parent.call("Doze", "h", 0, fds=[file.fileno()]).values == [True]
        answer = ask(session)
        parent.wake()
        assert {parent.receive().member for _ in range(2)} == {"ListProcesses", None}, "the order and the answer, in any order"
    with pytest.raises(BusError):
        answer.result(wait.SECONDS)
