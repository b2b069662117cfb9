# SPDX-License-Identifier: LGPL-2.1-or-later
"""D-Bus messages as bytes: for what a library does not send, and for a connection that another process has inherited."""

import array
import os
import socket
import struct

from support import errors
from support.sdbus import split

METHOD_CALL, METHOD_RETURN, ERROR, SIGNAL = 1, 2, 3, 4
_NUMBERS = {"y": "B", "b": "I", "n": "h", "q": "H", "i": "i", "u": "I", "x": "q", "t": "Q", "d": "d", "h": "I"}
_ALIGN = {"y": 1, "n": 2, "q": 2, "b": 4, "i": 4, "u": 4, "h": 4, "s": 4, "o": 4, "a": 4, "x": 8, "t": 8, "d": 8, "(": 8, "{": 8, "g": 1, "v": 1}
_FIELDS = {1: "path", 2: "interface", 3: "member", 4: "error", 5: "reply_to", 6: "destination", 7: "sender", 8: "signature", 9: "fds"}


def _pad(data, to):
    data += b"\0" * (-len(data) % to)


def _put(data, kind, value):
    _pad(data, _ALIGN[kind[0]])
    if kind in _NUMBERS:
        data += struct.pack("<" + _NUMBERS[kind], value)
    elif kind in "sog":
        text = value if isinstance(value, bytes) else value.encode()
        data += struct.pack("<B" if kind == "g" else "<I", len(text)) + text + b"\0"
    elif kind == "v":
        _put(data, "g", value[0])
        _put(data, *value)
    elif kind[0] == "a":
        at = len(data)
        data += b"\0\0\0\0"
        _pad(data, _ALIGN[kind[1]])
        start = len(data)
        for item in value.items() if kind[1] == "{" else value:
            _put(data, kind[1:], item)
        data[at:at + 4] = struct.pack("<I", len(data) - start)
    else:
        for inner, item in zip(split(kind[1:-1]), value, strict=True):
            _put(data, inner, item)


def marshal(signature, *values):
    data = bytearray()
    for kind, value in zip(split(signature), values, strict=True):
        _put(data, kind, value)
    return bytes(data)


def message(kind, serial, signature="", body=b"", fds=0, **fields):
    """A message; fields: those of _FIELDS by name."""
    types = {"path": "o", "signature": "g", "reply_to": "u", "fds": "u"}
    if signature:
        fields["signature"] = signature
    if fds:
        fields["fds"] = fds
    numbers = {name: number for number, name in _FIELDS.items()}
    header = bytearray(struct.pack("<cBBBII", b"l", kind, 0, 1, len(body), serial))
    _put(header, "a(yv)", [(numbers[name], (types.get(name, "s"), value)) for name, value in fields.items() if value is not None])
    _pad(header, 8)
    return bytes(header) + body


def method_call(serial, path, interface, member, signature="", *values, fds=0, destination=None):
    return message(METHOD_CALL, serial, signature, marshal(signature, *values), fds, path=path, interface=interface, member=member,
                   destination=destination)


class _Reader:
    def __init__(self, data, at=0):
        self.data, self.at = data, at

    def get(self, kind):
        self.at += -self.at % _ALIGN[kind[0]]
        if kind in _NUMBERS:
            size = struct.calcsize("<" + _NUMBERS[kind])
            (value,) = struct.unpack_from("<" + _NUMBERS[kind], self.data, self.at)
            self.at += size
            return value
        if kind in "sog":
            size = self.get("y" if kind == "g" else "u")
            text = self.data[self.at:self.at + size].decode()
            self.at += size + 1
            return text
        if kind == "v":
            return self.get(self.get("g"))
        if kind[0] == "a":
            size = self.get("u")
            self.at += -self.at % _ALIGN[kind[1]]
            end, items = self.at + size, []
            while self.at < end:
                items.append(self.get(kind[1:]))
            return dict(items) if kind[1] == "{" else items
        self.at += -self.at % 8
        return tuple(self.get(inner) for inner in split(kind[1:-1]))


class Message:
    """One that was received: .kind, .serial, its fields by name (None where there is none), .values."""

    def __init__(self, data):
        self.kind, self.serial = data[1], struct.unpack_from("<I", data, 8)[0]
        reader = _Reader(data, 12)
        self.fields = {_FIELDS.get(number): value for number, value in reader.get("a(yv)")}
        reader = _Reader(data[reader.at + (-reader.at % 8):])
        self.values = [reader.get(kind) for kind in split(self.fields.get("signature", ""))]
        errors.observed.names.add(self.error)

    def __getattr__(self, name):
        if name not in _FIELDS.values():
            raise AttributeError(name)
        return self.fields.get(name)


class Raw:
    """A connection to the daemon's private socket, or to a bus."""

    def __init__(self, path, bus=False, seconds=30, authenticate=True, takes_fds=True):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(seconds)
        self.socket.connect(str(path))
        self.data, self.serial = b"", 0
        if authenticate:
            self.authenticate(takes_fds)
        if bus:
            self.name = self.call("/org/freedesktop/DBus", "org.freedesktop.DBus", "Hello", destination="org.freedesktop.DBus").values[0]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def authenticate(self, takes_fds=True):
        self.socket.sendall(b"\0AUTH EXTERNAL " + str(os.getuid()).encode().hex().encode() + b"\r\n")
        assert self._line().startswith(b"OK ")
        if takes_fds:
            self.socket.sendall(b"NEGOTIATE_UNIX_FD\r\n")
            assert self._line() == b"AGREE_UNIX_FD"
        self.socket.sendall(b"BEGIN\r\n")

    def _line(self):
        while b"\r\n" not in self.data:
            self._receive()
        line, _, self.data = self.data.partition(b"\r\n")
        return line

    def _receive(self):
        chunk = self.socket.recv(1 << 16)
        if not chunk:
            raise ConnectionResetError("the other side has hung up")
        self.data += chunk

    def send(self, data, fds=()):
        """Send bytes; the descriptors go with the first of them."""
        if fds:
            sent = self.socket.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))])
            data = data[sent:]
        self.socket.sendall(data)

    def send_call(self, path, interface, member, signature="", *values, destination=None, **more):
        self.serial += 1
        self.send(method_call(self.serial, path, interface, member, signature, *values, destination=destination, **more))
        return self.serial

    def receive(self):
        """The next message."""
        while len(self.data) < 16:
            self._receive()
        body, fields = struct.unpack_from("<I", self.data, 4)[0], struct.unpack_from("<I", self.data, 12)[0]
        size = 16 + fields + (-fields % 8) + body
        while len(self.data) < size:
            self._receive()
        data, self.data = self.data[:size], self.data[size:]
        return Message(data)

    def call(self, *arguments, **more):
        """Call a method; its reply, which may be an error."""
        serial = self.send_call(*arguments, **more)
        while True:
            reply = self.receive()
            if reply.kind in (METHOD_RETURN, ERROR) and reply.reply_to == serial:
                return reply

    def hung_up(self):
        """Wait until the other side has hung up."""
        try:
            while self.socket.recv(1 << 16):
                pass
        except (ConnectionResetError, BrokenPipeError):
            pass
