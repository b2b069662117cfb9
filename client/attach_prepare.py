# SPDX-License-Identifier: LGPL-2.1-or-later
"""Have the process import pdb, while this interpreter does the same.

Most of the time to the first prompt is that of importing pdb, on both sides. The process begins with it in a script of its own, over a connection
to here, and then takes what it is to run from there: it may be long before it takes another script, if it is in a call that takes long. It
waits for that for no more than a moment, and not at all when this side has gone; what comes too late is another script then. This
module imports next to nothing itself, since all of that comes before.
"""

import _socket
import os
import sys

# What attach-job.py and pdb's script want to import. When that fails, they are what tells. The name is for those who come upon
# this script's own frame (attach_session.py). (_socket is no part of what is imported in pieces.)
SCRIPT = """\
import sys
_helicopter_prepares = True
_frame = sys._getframe(1)
_text = b""
try:
    import _socket
    _connection = _socket.socket(_socket.AF_UNIX)
    try:
        _connection.connect({name!r})
        try:
            import bdb, gc, io, os, pdb, signal, socket, sys, threading
        except Exception:
            pass
        _peer = _connection.getsockopt(_socket.SOL_SOCKET, _socket.SO_PEERCRED, 12)
        if int.from_bytes(_peer[4:8], sys.byteorder) != os.geteuid():
            raise OSError("somebody else")
        _connection.settimeout({wait})
        while not _text.endswith(b"\\0"):
            _part = _connection.recv(65536)
            if not _part:
                break
            _text += _part
        else:
            _connection.send(b"k")
    finally:
        _connection.close()
except (ImportError, NameError, OSError):
    _text = b""
if _text.endswith(b"\\0"):
    exec(_text[:-1], {{"_frame": _frame}})
"""

# How long the process waits for what it is to run, in seconds. Usually that is there first.
WAIT = 1

# The frame that the process was interrupted in, for a script at its own level, and for one that SCRIPT runs.
FRAME, HANDED_FRAME = "sys._getframe(1)", "_frame"

# A connection without a word. A process that cannot make one is not told: whoever waits for it finds that out.
CONNECT = """\
try:
    import _socket
    _connection = _socket.socket()
    try:
        _connection.connect(("127.0.0.1", {port}))
    finally:
        _connection.close()
except (ImportError, OSError):
    pass
"""


class Control:
    """The client, which has the process run scripts (client/session-control.h)."""

    def __init__(self, fd):
        self.socket = _socket.socket(fileno=fd)

    def run(self, script):
        """Ask for it. The answer is heard later."""
        fd = os.memfd_create("helicopter-attach")
        try:
            os.write(fd, script.encode())
            self.socket.sendmsg([b"exec"], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, fd.to_bytes(4, sys.byteorder))])
        finally:
            os.close(fd)

    def say(self, word):
        self.socket.send(word)

    def hear(self):
        """The client's next word. It keeps the deadline. Empty: it has ended."""
        return self.socket.recv(64).decode("ascii")


class Preparation:
    """What the command line says, and the process that imports pdb, if it was asked to."""

    def __init__(self, argv):
        settings = [argument.split("=", 1) for argument in argv[2:]]
        self.pid = int(argv[1])
        self.settings = dict(settings)
        self.commands = [value for name, value in settings if name == "command"]
        self.control = Control(int(self.settings["control"]))
        self.listener = None  # to which it connects

    def begin(self):
        listener = _socket.socket(_socket.AF_UNIX)
        listener.bind("")  # a name that nobody has (unix(7), "Autobind feature")
        listener.listen(1)
        self.control.run(SCRIPT.format(name=listener.getsockname(), wait=WAIT))
        self.listener = listener


def is_suitable(version):
    """pdb's two sides must be of the same version: of which the process is, the client may know."""
    return sys.version_info >= (3, 14) and (not version or version.split(".")[:2] == sys.version.split(".")[:2])


def begin(argv):
    preparation = Preparation(argv)
    # A call that does not go on where it was interrupted must not be interrupted for this: pdb is to stop in it.
    if is_suitable(preparation.settings.get("version")) and preparation.settings.get("wake") != "force":
        try:
            preparation.begin()
        except OSError:
            pass  # whatever it is, the next script meets it, too
    return preparation
