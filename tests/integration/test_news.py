# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a parent tells the daemon behind the answer to a Grant, and what either does where the other is older and does not know of that."""

import os

import pytest
from support import rawbus
from support.session import JOB, JOBS, PARENT, job_path

REGISTRY, PARENT_PATH, PARENT_INTERFACE = "org.helicopter1.Registry", "/org/helicopter1/parent", "org.helicopter1.Parent"
TRACER = {"TracerPID": ("u", 4711), "TracerCommand": ("s", "somebody"), "TracerSince": ("t", 1)}


def grant_from(session, answer, *values):
    """Have a parent that is played here answer a Grant; return what the daemon passes on, and what it then says of the tracer."""
    read_end, write_end = os.pipe()
    with rawbus.Raw(session.socket) as parent, rawbus.Raw(session.socket) as caller:
        assert parent.call("/org/helicopter1", REGISTRY, "Register", "sba{sv}", "played", True, {"State": ("s", "running"), "GrantsWithNews": ("b", answer != "h")}).values == ["played"]
        serial = caller.send_call(job_path("played"), JOB, "Grant", "ua{sv}", 0, {})
        while (order := parent.receive()).member != ("Grant" if answer == "h" else "GrantWithNews"):
            pass
        parent.send(rawbus.message(rawbus.METHOD_RETURN, 1000, answer, rawbus.marshal(answer, 0, *values), fds=1, reply_to=order.serial), [write_end])
        os.close(write_end)
        while (reply := caller.receive()).reply_to != serial:
            pass
        tracer = caller.call(job_path("played"), "org.freedesktop.DBus.Properties", "Get", "ss", JOB, "TracerPID")
    os.close(read_end)
    return reply, tracer.values[0]


def test_news_are_known_when_the_lease_is(session):
    reply, tracer = grant_from(session, "ha{sv}", TRACER)
    assert (reply.kind, reply.signature, reply.fds) == (rawbus.METHOD_RETURN, "h", 1)
    assert tracer == 4711


def test_parent_without_news(session):
    """An older one, whose Update comes before its answer."""
    reply, tracer = grant_from(session, "h")
    assert (reply.kind, reply.signature, reply.fds) == (rawbus.METHOD_RETURN, "h", 1)
    assert tracer == 0


@pytest.mark.parametrize("news", [("a{sv}", {"TracerPID": ("s", "nobody")}), ("s", "nothing")])
def test_news_that_make_no_sense(session, news):
    """The lease is given all the same, and the daemon goes on."""
    reply, tracer = grant_from(session, "h" + news[0], news[1])
    assert (reply.kind, reply.signature, reply.fds) == (rawbus.METHOD_RETURN, "h", 1)
    assert tracer == 0


class Daemon(rawbus.Raw):
    """The daemon's end of a connection that a parent makes, played here."""

    def __init__(self, listener):
        self.socket, _ = listener.accept()
        self.socket.settimeout(30)
        self.data, self.serial = b"", 1000
        while not self.data.endswith(b"BEGIN\r\n"):
            self._receive()
        self.data = b""
        self.socket.sendall(b"DATA\r\nOK 0123456789abcdef0123456789abcdef\r\nAGREE_UNIX_FD\r\n")

    def answer(self, call, signature="", *values):
        self.serial += 1
        self.send(rawbus.message(rawbus.METHOD_RETURN, self.serial, signature, rawbus.marshal(signature, *values), reply_to=call.serial))

    def register(self):
        call = self.receive()
        assert call.member == "Register" and call.values[2]["GrantsWithNews"]
        self.answer(call, "s", "count")

    def updates(self, until):
        """What the parent tells by Update until it has told something."""
        told = {}
        while until not in told:
            call = self.receive()
            assert call.member == "Update"
            told |= call.values[0]
            self.answer(call)
        return told

    def grant(self, method):
        """Order one by a method; return the members of what the parent sends until it answers, and its answer."""
        pidfd = os.pidfd_open(os.getpid())
        serial = self.send_call(PARENT_PATH, PARENT_INTERFACE, method, "uuha{sv}", 0, os.getpid(), 0, {}, fds=[pidfd])
        os.close(pidfd)
        members = []
        while (message := self.receive()).reply_to != serial:
            members.append(message.member)
            self.answer(message)
        return members, message

    def send_call(self, *arguments, fds=()):
        self.serial += 1
        self.send(rawbus.method_call(self.serial, *arguments, fds=len(fds)), fds)
        return self.serial


@pytest.fixture
def daemon(bare_session):
    with bare_session.listen() as listener, bare_session.process(PARENT, JOBS / "counter.py", bare_session.folder / "count") as parent:
        with Daemon(listener) as connection:
            yield connection
        parent.terminate()


def test_parent_tells_behind_its_answer(daemon):
    daemon.register()
    daemon.updates("StartTimestamp")
    members, answer = daemon.grant("GrantWithNews")
    assert (members, answer.signature, answer.fds) == ([], "ha{sv}", 1)
    assert answer.values[1]["TracerPID"] == os.getpid() and "GrantsWithNews" not in answer.values[1]
    # Whoever reads bytes alone is not given the descriptor that comes along, so the lease has ended: that is told, and nothing twice.
    told = daemon.updates("TracerPID")
    assert told["TracerPID"] == 0 and "StartTimestamp" not in told


def test_older_daemon(daemon):
    """It is told before the answer."""
    daemon.register()
    daemon.updates("StartTimestamp")
    members, answer = daemon.grant("Grant")
    assert (members, answer.signature, answer.fds) == (["Update"], "h", 1)
