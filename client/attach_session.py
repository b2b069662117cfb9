# SPDX-License-Identifier: LGPL-2.1-or-later
"""A session of pdb on a process, for attach.py.

It is pdb.attach(), with what that leaves out:

- a deadline for the process to answer,
- one line in place of a traceback, and an exit code for each kind of failure (client/session.h has the same ones),
- an end by ^C or by a signal at any time that leaves neither a traceback nor a dead debugger in the process.

The process is never touched from here: what it should run goes to the client (client/session-control.h).
pdb's own parts are replaced by name (sys.remote_exec, pdb._PdbClient), so that its protocol stays its own business.
"""

import os
import re
import select
import signal
import socket
import sys
import textwrap
import time

from attach_pdb import import_pdb, load_readline
from attach_prepare import CONNECT, FRAME, HANDED_FRAME, is_suitable

FAILED = 1
TARGET_GONE = 11
INCOMPATIBLE = 12
NO_ANSWER = 14
INTERRUPTED = 15
BUSY = 16
ENDED = 17  # by SIGTERM before the first prompt
REFUSED = 18  # the client tells why

# What a process that has begun to run the script needs for its connection, whatever is left of the timeout.
CONNECTION_TIME = 2

# A debugger whose client was killed at its prompt is about to end. There is no event for that.
BUSY_TIME = 0.5
BUSY_PAUSE = 0.1

# How a user leaves pdb.
LEAVING = ("q", "quit", "exit", "EOF")


class Failure(Exception):
    """No session, for a reason that can be told in a line; none: the client tells it."""

    def __init__(self, code, message=None):
        super().__init__(message)
        self.code = code
        self.message = message


# What the process runs: attach-job.py and pdb's own script, which must be at the same level, since it takes the frame that
# it was put upon. Where attach-job.py fails, pdb's script is used alone. No call may come after pdb's script: the debugger might
# stop there. An OSError says that the client has gone meanwhile, which the process need not hear of.
#
# A process that is importing what pdb needs, as most do when they start, has only half of that. It says so by a connection
# without a word, and is asked again; so does one that is still about to leave the script that made it import pdb.
SCRIPT = """\
import sys
_plain = _importing = None
try:
    import pdb
    _plain = getattr(pdb, "_PdbServer", None)
    exec({prologue!r})
    _importing = is_importing("asyncio")  # which pdb asks for the task, where it is loaded
    if not _importing:
        remove_dead_debugger()
        pdb._PdbServer = Server
except Exception as error:
    _importing = isinstance(error, ImportError) or "partially initialized" in str(error)
try:
    if _importing or "_helicopter_prepares" in sys._getframe(1).f_globals:
{connect}
    else:
{script}
except OSError:
    pass
finally:
    if _plain:
        pdb._PdbServer = _plain
"""


def inner(script):
    return textwrap.indent(script.strip("\n"), " " * 8)


def wrap(script):
    """pdb's script, in our own."""
    with open(os.path.join(os.path.dirname(__file__), "attach-job.py"), encoding="utf-8") as file:
        prologue = file.read()
    connect = CONNECT.format(port=re.search(r"port=(\d+)", script).group(1))
    return SCRIPT.format(prologue=prologue, connect=inner(connect), script=inner(script))


class PlainInput:
    """sys.stdin for input that is no terminal: takes not a byte beyond the line, for what follows is the caller's."""

    encoding = "utf-8"
    errors = "replace"

    def fileno(self):
        return 0

    def readline(self, size=-1):
        line = b""
        while not line.endswith(b"\n"):
            byte = os.read(0, 1)
            if not byte:
                break
            line += byte
        return line.decode(self.encoding, self.errors)


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[0] not in (b"Z", b"X")
    except OSError:
        return False


class Session:
    """One attempt to debug a process, from the request to the end."""

    def __init__(self, pid, control, timeout, commands):
        self.pid = pid
        self.control = control
        self.deadline = time.monotonic() + timeout
        self.commands = commands
        self.prepared = None  # the connection of a process that has imported pdb, and waits
        self.main = True  # the debugger is in the main thread
        self.connected = False
        self.left = any(is_leaving(command) for command in commands)  # the user has said that this is the end
        self.prompted = False  # the debugger has come to its first prompt, or to the commands for it
        self.reading = False  # a command is being typed
        self.warned = False  # of a ^C that this thread does not take
        self.last_error = None  # what the debugger complained of last

    def run(self, pdb, listener):
        """listener: to which the process connects that imports pdb, or None: it was not asked."""
        if listener:
            self.accept(listener)
        sys.remote_exec = self.queue
        pdb._PdbClient = self.make_client_class(pdb._PdbClient)
        patience = time.monotonic() + BUSY_TIME
        while not self.attach(pdb):
            # Without a complaint it is importing.
            if time.monotonic() > (patience if self.last_error else self.deadline):
                raise Failure(BUSY, f"pdb refused: {self.last_error or 'it went away without a prompt'}")
            time.sleep(BUSY_PAUSE)
        if not self.left:
            self.wait_for_end()

    def attach(self, pdb):
        """Hold a session. Returns whether there was one: False when the process was in another debugger."""
        # pdb.attach() waits for the connection on a socket that it makes with this timeout.
        socket.setdefaulttimeout(self.time_to_connect())
        try:
            pdb.attach(self.pid, self.commands)
        except TimeoutError:
            raise self.no_answer() from None
        return self.prompted or not is_alive(self.pid)

    def wait_for_end(self):
        """A process that ends closes the connection a little earlier. Its end is what the client should find."""
        try:
            pidfd = os.pidfd_open(self.pid)
        except OSError:
            return
        select.select([pidfd], [], [], 1)
        os.close(pidfd)

    def queue(self, _pid, path):
        """Stands in for sys.remote_exec(): has our script run in place of pdb's. Returns when that has begun."""
        with open(path, encoding="utf-8") as file:
            text = wrap(file.read())
        load_readline()
        if not (self.prepared and self.hand_over(text)):
            self.control.run(text)
            self.wait_for_script()
        # The deadline is for the connection; what comes over it takes as long as the user wants.
        socket.setdefaulttimeout(None)

    def wait_for_script(self):
        """Until the process has begun to run it, by the client's word."""
        word = self.control.hear()
        if word == "queued":
            word = self.control.hear()
        if not word:
            raise SystemExit(ENDED)  # with the client
        if word not in ("taken", "elsewhere"):
            raise Failure(REFUSED)
        self.main = word == "taken"

    def accept(self, listener):
        """Have the connection of the process that imports pdb."""
        self.wait_for_script()
        with socket.socket(fileno=listener.detach()) as server:
            server.settimeout(self.time_to_connect())
            try:
                self.prepared, _ = server.accept()
            except TimeoutError:
                raise self.no_answer() from None

    def hand_over(self, text):
        """Give the process that has imported pdb what it is to run. Returns whether it has taken it."""
        with self.prepared as connection:
            self.prepared = None
            connection.settimeout(self.time_to_connect())
            try:
                connection.sendall(text.replace(FRAME, HANDED_FRAME).encode() + b"\0")
                return connection.recv(1) == b"k"
            except TimeoutError:
                raise self.no_answer() from None
            except OSError:
                return False  # it has not waited

    def time_to_connect(self):
        return max(CONNECTION_TIME, self.deadline - time.monotonic())

    def tell_connected(self):
        """The terminal is the client's until it has told the user."""
        self.control.say(b"connected")
        if not self.control.hear():
            raise SystemExit(ENDED)
        self.connected = True

    def make_client_class(session, base):
        class Client(base):
            def _send(self, **message):
                session.left = message.get("signal") == "EOF" or is_leaving(message.get("reply", ""))
                super()._send(**message)

            def process_payload(self, payload):
                if payload.get("type") == "error":
                    session.last_error = payload.get("message")
                    if not session.prompted:
                        return  # told as the reason of the failure
                elif not session.prompted:
                    session.prompted = True
                    session.tell_connected()
                super().process_payload(payload)

            def prompt_for_reply(self, prompt):
                session.reading = True
                super().prompt_for_reply(prompt)
                session.reading = False

            def send_interrupt(self):
                # Before its first prompt pdb does not take the process's SIGINT: it would be a KeyboardInterrupt there.
                if not session.prompted:
                    raise KeyboardInterrupt
                if session.main:
                    super().send_interrupt()
                else:
                    session.interrupt_elsewhere()

        return Client

    def interrupt_elsewhere(self):
        """SIGINT would be the main thread's, and a KeyboardInterrupt there."""
        if self.warned:
            self.left = True
            raise SystemExit(0)
        self.warned = True
        print("\n^C cannot stop this thread, which is not the job's main one. Once more leaves the debugger.", flush=True)

    def end(self, signum, frame):
        """SIGTERM: an exception, so that readline gives the terminal back and the connection is closed in order."""
        if self.reading:
            print()
        raise SystemExit(0 if self.prompted else ENDED)

    def no_answer(self):
        if not is_alive(self.pid):
            return Failure(TARGET_GONE, f"process {self.pid} has ended")
        return Failure(NO_ANSWER, f"process {self.pid} has begun to start a debugger, but that did not connect in time")


def is_leaving(command):
    return command.strip() in LEAVING


def explain(error, pid):
    """The Failure that an exception of pdb.attach() means."""
    if not is_alive(pid):
        return Failure(TARGET_GONE, f"process {pid} has ended")
    return Failure(FAILED, f"cannot attach to process {pid}: {type(error).__name__}: {error}")


def check_version(pid, version):
    own = sys.version.split()[0]
    if sys.version_info < (3, 14):
        raise Failure(INCOMPATIBLE, f"Python {own} ({sys.executable}) cannot attach to a process")
    if not is_suitable(version):
        raise Failure(INCOMPATIBLE, f"process {pid} runs Python {version}, and cannot be debugged by Python {own} ({sys.executable})")


def main(preparation):
    pid, settings = preparation.pid, preparation.settings
    session = Session(pid, preparation.control, float(settings.get("timeout", 10)), preparation.commands)
    signal.signal(signal.SIGTERM, session.end)
    try:
        check_version(pid, settings.get("version"))
        pdb = import_pdb()
        # Blocked until here: while Python starts, ^C is a traceback, and an import may lose it: its callbacks raise nothing (CPython 3.14).
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        if not sys.stdin or not sys.stdin.isatty():
            sys.stdin = PlainInput()
        session.run(pdb, preparation.listener)
    except KeyboardInterrupt:
        failure = Failure(INTERRUPTED, f"interrupted; process {pid} goes on")
    except (OSError, RuntimeError, ImportError) as error:
        failure = explain(error, pid)
    except Failure as error:
        failure = error
    else:
        return 0
    if failure.message:
        # The client's line of stages stands open until the connection.
        print(f"{'' if session.connected else chr(10)}helicopter-client: Job {settings['job']}: {failure.message}", file=sys.stderr)
    return failure.code
