# SPDX-License-Identifier: LGPL-2.1-or-later
"""A helicopter-parent of the previous version works under this daemon: what one sent is replayed, byte for byte, from
tests/support/parent-0.1.json (recorded from the program as of commit 052548f, which knew Grant, Revoke, Stop and Kill, and neither
GrantPolicy nor scripts)."""

import json
import struct
import threading
from pathlib import Path

import pytest
from support import rawbus, wait
from support.sdbus import BusError
from support.session import ERROR, JOB, job_path

RECORDED = {name: bytes.fromhex(data) for name, data in json.loads((Path(__file__).parents[1] / "support/parent-0.1.json").read_text()).items()}


def answer_to(name, serial):
    """A recorded answer, for another call: all that differs is the serial that it answers."""
    data = bytearray(RECORDED[name])
    at = data.index(b"\5\1u\0") + 4  # the header field REPLY_SERIAL, a variant of type u
    data[at:at + 4] = struct.pack("<I", serial)
    return bytes(data)


class OlderParent:
    """Registers, and answers orders as the older program did."""

    def __init__(self, session):
        self.raw = rawbus.Raw(session.socket, seconds=3 * wait.SECONDS)
        self.raw.send(RECORDED["Register"])
        while (reply := self.raw.receive()).kind == rawbus.SIGNAL:
            pass
        assert (reply.kind, reply.values) == (rawbus.METHOD_RETURN, ["old"])
        self.orders = []
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        try:
            while True:
                message = self.raw.receive()
                if message.kind != rawbus.METHOD_CALL:
                    continue
                self.orders.append(message.member)
                # Where is newer than the record: what it says of a method that it does not know is the same for all of them.
                recorded = {"Grant": "Grant with an option", "Where": "Wake"}.get(message.member, message.member)
                self.raw.send(answer_to(recorded, message.serial))
                if message.member == "Stop":
                    self.raw.send(RECORDED["Update of the end"])
        except OSError:
            pass


@pytest.fixture
def parent(session):
    return OlderParent(session)


def call(session, method, signature="", *arguments):
    with session.peer() as peer:
        return peer.call(job_path("old"), JOB, method, signature, *arguments)


def test_it_is_listed(session, parent):
    _, name, state, pid, tracer, _ = session.list()["old"]
    assert (name, state, tracer) == ("old", "starting", 0) and pid > 0
    parent.raw.send(RECORDED["Update"])
    session.wait_state("old", "running")
    shown = session.client("status", "old").stdout
    assert "sleep 60" in shown


def test_what_it_does_not_tell_has_a_default(session, parent):
    assert session.get_property(job_path("old"), JOB, "GrantPolicy") == "same-user"


@pytest.mark.parametrize(("method", "signature", "arguments"), [
    ("Wake", "ua{sv}", (0, {})), ("ListProcesses", "", ()), ("SetGrantPolicy", "s", ("none",)), ("RemoteExec", "uha{sv}", (0, 0, {})), ("Where", "", ()),
])
@pytest.mark.reaches("Error.ParentTooOld")
def test_what_it_cannot_do_is_a_clear_error(session, parent, method, signature, arguments):
    with pytest.raises(BusError) as error:
        call(session, method, signature, *arguments)
    assert error.value.name == ERROR + "ParentTooOld"
    assert "older" in error.value.message
    assert parent.orders == [method]


def test_where_it_is_is_left_out(session, parent):
    """By list -l and status, which show the rest; the plain list does not ask for it."""
    parent.raw.send(RECORDED["Update"])
    session.wait_state("old", "running")
    for words in (["list", "-l"], ["status"]):
        done = session.client(*words, "--json")
        found = json.loads(done.stdout)
        found = found[0] if isinstance(found, list) else found
        assert {found[key] for key in ("file", "line", "function", "memory", "cpu", "workers")} == {None}
        assert done.stderr == ""
    assert session.client("list", "-l").stdout.splitlines()[1].split()[0] == "old"
    asked = list(parent.orders)
    assert set(asked) == {"Where"}
    assert "old" in session.client("list").stdout
    assert parent.orders == asked


def test_restart_is_refused(session, parent):
    """Before it is asked to end."""
    with pytest.raises(BusError) as error:
        call(session, "Restart", "a{sv}", {})
    assert error.value.name == ERROR + "ParentTooOld"
    parent.raw.send(RECORDED["Update"])
    session.wait_state("old", "running")
    message = session.refused("restart", "old", code=1)
    assert "older" in message and "Start the job again" in message
    assert parent.orders == []


def test_client_says_what_to_do(session, parent):
    parent.raw.send(RECORDED["Update"])
    session.wait_state("old", "running")
    message = session.refused("ps", "old")
    assert "older" in message and "Start the job again" in message


def test_options_that_it_does_not_know(session, parent):
    with pytest.raises(BusError) as error:
        call(session, "Grant", "ua{sv}", 0, {"permit": ("b", False)})
    assert error.value.name == ERROR + "BadOption"


def test_what_it_can_do(session, parent):
    parent.raw.send(RECORDED["Update"])
    session.wait_state("old", "running")
    call(session, "Revoke")
    call(session, "Stop", "a{sv}", {})
    assert session.list()["old"][2] == "exited"
    assert parent.orders == ["Revoke", "Stop"]
