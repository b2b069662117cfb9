# SPDX-License-Identifier: LGPL-2.1-or-later
"""D-Bus through libsystemd: what busctl cannot do, such as talking to a peer without a bus, keeping a received descriptor,
or sending what the other side does not expect."""

import ctypes
import os
from ctypes import POINTER, byref, c_char_p, c_int, c_uint64, c_void_p

from support import errors, wait

_lib = ctypes.CDLL("libsystemd.so.0", use_errno=True)


class _Error(ctypes.Structure):
    _fields_ = [("name", c_char_p), ("message", c_char_p), ("need_free", c_int)]


_HANDLER = ctypes.CFUNCTYPE(c_int, c_void_p, c_void_p, c_void_p)


def _declare(name, *arguments, result=c_int):
    function = getattr(_lib, name)
    function.argtypes, function.restype = arguments, result
    return function


_bus_new = _declare("sd_bus_new", POINTER(c_void_p))
_set_address = _declare("sd_bus_set_address", c_void_p, c_char_p)
_set_bus_client = _declare("sd_bus_set_bus_client", c_void_p, c_int)
_negotiate_fds = _declare("sd_bus_negotiate_fds", c_void_p, c_int)
_set_fd = _declare("sd_bus_set_fd", c_void_p, c_int, c_int)
_set_server = _declare("sd_bus_set_server", c_void_p, c_int, ctypes.c_byte * 16)
_start = _declare("sd_bus_start", c_void_p)
_close = _declare("sd_bus_close", c_void_p, result=None)
_unref = _declare("sd_bus_unref", c_void_p, result=c_void_p)
_process = _declare("sd_bus_process", c_void_p, POINTER(c_void_p))
_wait = _declare("sd_bus_wait", c_void_p, c_uint64)
_add_match = _declare("sd_bus_add_match", c_void_p, c_void_p, c_char_p, _HANDLER, c_void_p)
_call = _declare("sd_bus_call", c_void_p, c_void_p, c_uint64, POINTER(_Error), POINTER(c_void_p))
_new_method_call = _declare("sd_bus_message_new_method_call", c_void_p, POINTER(c_void_p), c_char_p, c_char_p, c_char_p, c_char_p)
_message_unref = _declare("sd_bus_message_unref", c_void_p, result=c_void_p)
_append_basic = _declare("sd_bus_message_append_basic", c_void_p, ctypes.c_char, c_void_p)
_open = _declare("sd_bus_message_open_container", c_void_p, ctypes.c_char, c_char_p)
_close_container = _declare("sd_bus_message_close_container", c_void_p)
_read_basic = _declare("sd_bus_message_read_basic", c_void_p, ctypes.c_char, c_void_p)
_peek = _declare("sd_bus_message_peek_type", c_void_p, POINTER(ctypes.c_char), POINTER(c_char_p))
_enter = _declare("sd_bus_message_enter_container", c_void_p, ctypes.c_char, c_char_p)
_exit = _declare("sd_bus_message_exit_container", c_void_p)
_member = _declare("sd_bus_message_get_member", c_void_p, result=c_char_p)
_interface = _declare("sd_bus_message_get_interface", c_void_p, result=c_char_p)
_path = _declare("sd_bus_message_get_path", c_void_p, result=c_char_p)

_NUMBERS = {
    "y": ctypes.c_uint8, "b": c_int, "n": ctypes.c_int16, "q": ctypes.c_uint16, "i": ctypes.c_int32, "u": ctypes.c_uint32,
    "x": ctypes.c_int64, "t": c_uint64, "d": ctypes.c_double, "h": c_int,
}


class BusError(Exception):
    """A D-Bus error reply; .name is its name."""

    def __init__(self, name, message):
        super().__init__(f"{name}: {message}")
        errors.observed.names.add(name)
        self.name, self.message = name, message


def _check(result, what):
    if result < 0:
        raise OSError(-result, f"{what}: {os.strerror(-result)}")
    return result


def split(signature):
    """Split a signature into its complete types."""
    types, depth, start = [], 0, 0
    for at, char in enumerate(signature):
        depth += {"(": 1, "{": 1, ")": -1, "}": -1}.get(char, 0)
        if depth == 0 and char != "a":
            types.append(signature[start:at + 1])
            start = at + 1
    return types


def _append(message, kind, value):
    if kind in _NUMBERS:
        number = _NUMBERS[kind](value)
        _check(_append_basic(message, kind.encode(), byref(number)), "append")
    elif kind in "sog":
        _check(_append_basic(message, kind.encode(), ctypes.cast(c_char_p(value.encode()), c_void_p)), "append")
    elif kind == "v":
        inner, value = value
        _container(message, b"v", inner, [(inner, value)])
    elif kind[0] == "a":
        items = value.items() if kind[1] == "{" else value
        _container(message, b"a", kind[1:], [(kind[1:], item) for item in items])
    elif kind[0] in "({":
        _container(message, b"r" if kind[0] == "(" else b"e", kind[1:-1], zip(split(kind[1:-1]), value, strict=True))
    else:
        raise ValueError(kind)


def _container(message, kind, contents, items):
    _check(_open(message, kind, contents.encode()), "open container")
    for inner, item in items:
        _append(message, inner, item)
    _check(_close_container(message), "close container")


def _read(message):
    """Read all that is left in the current container."""
    values = []
    kind, contents = ctypes.c_char(), c_char_p()
    while _check(_peek(message, byref(kind), byref(contents)), "peek"):
        letter = kind.value.decode()
        if letter in _NUMBERS:
            number = _NUMBERS[letter]()
            _check(_read_basic(message, kind, byref(number)), "read")
            value = {"b": bool, "h": os.dup}.get(letter, lambda plain: plain)(number.value)
        elif letter in "sog":
            text = c_char_p()
            _check(_read_basic(message, kind, byref(text)), "read")
            value = text.value.decode()
        else:
            inner = contents.value.decode()
            _check(_enter(message, kind, contents.value), "enter")
            value = _read(message)
            _check(_exit(message), "exit")
            if letter == "a":
                value = dict(value) if inner[0] == "{" else value
            elif letter == "v":
                value = value[0]
            else:
                value = tuple(value)
        values.append(value)
    return values


class Connection:
    """A connection to a bus, or (bus=False) to a peer. As a context manager it is closed at the end."""

    def __init__(self, address=None, bus=True, server=None):
        """address: whom to connect to. server: instead, an accepted socket, of which this is the serving side."""
        self._bus = c_void_p()
        self._handlers = []
        self._is_bus = bus and server is None
        _check(_bus_new(byref(self._bus)), "new")
        if server is not None:
            _check(_set_fd(self._bus, server.fileno(), server.detach()), "descriptor")
            _check(_set_server(self._bus, 1, (ctypes.c_byte * 16)(*range(1, 17))), "server")
        else:
            _check(_set_address(self._bus, address.encode()), "address")
        _check(_set_bus_client(self._bus, self._is_bus), "bus client")
        _check(_negotiate_fds(self._bus, 1), "descriptors")
        _check(_start(self._bus), f"connect to {address}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self._bus:
            _close(self._bus)
            _unref(self._bus)
            self._bus = c_void_p()

    def call(self, path, interface, member, signature="", *arguments, destination="org.helicopter1", seconds=60):
        """Call a method; return its result (a list unless it is a single value), or raise BusError."""
        message, reply, error = c_void_p(), c_void_p(), _Error()
        _check(_new_method_call(self._bus, byref(message), destination.encode() if self._is_bus else None, path.encode(),
                                interface.encode(), member.encode()), "new message")
        try:
            for kind, value in zip(split(signature), arguments, strict=True):
                _append(message, kind, value)
            result = _call(self._bus, message, int(seconds * 1e6), byref(error), byref(reply))
            if result < 0 and error.name:
                raise BusError(error.name.decode(), (error.message or b"").decode())
            _check(result, member)
            values = _read(reply)
            return values[0] if len(values) == 1 else values
        finally:
            _message_unref(message)
            _message_unref(reply)

    def signals(self, rule, taken=False):
        """Return a list that gets (path, interface, member, arguments) of each matching message while process() runs. taken: they
        are calls, and are never answered."""
        received = []

        def handler(message, _userdata, _error):
            received.append((_path(message).decode(), _interface(message).decode(), _member(message).decode(), _read(message)))
            return int(taken)

        callback = _HANDLER(handler)
        self._handlers.append(callback)
        _check(_add_match(self._bus, None, rule.encode(), callback, None), "match")
        return received

    def process(self, condition, what, seconds=60):
        """Process messages until condition() is true, and return that."""
        def step():
            while _check(_process(self._bus, None), "process"):
                pass
            if not (result := condition()):
                _check(_wait(self._bus, 100_000), "wait")
            return result

        return wait.until(step, what, seconds)
