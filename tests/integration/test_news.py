# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a parent tells the daemon behind the answer to a Grant, and what either does where the other is older and does not know of that."""

import os

import pytest
from support import rawbus
from support.played import Daemon
from support.session import JOB, JOBS, PARENT, job_path

REGISTRY = "org.helicopter1.Registry"
TRACER = {"TracerPID": ("u", 4711), "TracerCommand": ("s", "somebody"), "TracerSince": ("t", 1)}


def grant_from(session, answer, *values, takes_fds=True):
    """Have a parent that is played here answer a Grant; return what the daemon passes on, and what it then says of the tracer."""
    read_end, write_end = os.pipe()
    with rawbus.Raw(session.socket) as parent, rawbus.Raw(session.socket, takes_fds=takes_fds) as caller:
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


def test_lease_that_cannot_be_passed_on(session):
    """The caller's connection takes no descriptors. What has changed is known all the same: the parent does not say it again."""
    reply, tracer = grant_from(session, "ha{sv}", TRACER, takes_fds=False)
    assert reply.kind == rawbus.ERROR
    assert tracer == 4711


@pytest.mark.parametrize("news", [("a{sv}", {"TracerPID": ("s", "nobody")}), ("s", "nothing")])
def test_news_that_make_no_sense(session, news):
    """The lease is given all the same, and the daemon goes on."""
    reply, tracer = grant_from(session, "h" + news[0], news[1])
    assert (reply.kind, reply.signature, reply.fds) == (rawbus.METHOD_RETURN, "h", 1)
    assert tracer == 0


@pytest.fixture
def daemon(bare_session):
    with bare_session.listen() as listener, bare_session.process(PARENT, JOBS / "counter.py", bare_session.folder / "count") as parent:
        with Daemon(listener) as connection:
            yield connection
        parent.terminate()


def test_parent_tells_behind_its_answer(daemon):
    daemon.register("count")
    daemon.updates("StartTimestamp")
    members, answer = daemon.grant("GrantWithNews")
    assert (members, answer.signature, answer.fds) == ([], "ha{sv}", 1)
    assert answer.values[1]["TracerPID"] == os.getpid() and "GrantsWithNews" not in answer.values[1]
    # Whoever reads bytes alone is not given the descriptor that comes along, so the lease has ended: that is told, and nothing twice.
    told = daemon.updates("TracerPID")
    assert told["TracerPID"] == 0 and "StartTimestamp" not in told


def test_older_daemon(daemon):
    """It is told before the answer."""
    daemon.register("count")
    daemon.updates("StartTimestamp")
    members, answer = daemon.grant("Grant")
    assert (members, answer.signature, answer.fds) == (["Update"], "h", 1)
