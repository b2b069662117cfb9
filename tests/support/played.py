# SPDX-License-Identifier: LGPL-2.1-or-later
"""A daemon that a test plays, for a real parent."""

import os

from support import rawbus

PARENT_PATH, PARENT_INTERFACE = "/org/helicopter1/parent", "org.helicopter1.Parent"


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

    def receive(self):
        """The next message. The parent's connection is not to doze."""
        while (message := super().receive()).member == "Doze":
            self.answer(message, "b", False)
        return message

    def answer(self, call, signature="", *values):
        self.serial += 1
        self.send(rawbus.message(rawbus.METHOD_RETURN, self.serial, signature, rawbus.marshal(signature, *values), reply_to=call.serial))

    def register(self, name):
        """Answer the call by which the parent registers; return what it has told."""
        call = self.receive()
        assert call.member == "Register"
        self.answer(call, "s", name)
        return call.values[2]

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
