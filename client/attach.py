# SPDX-License-Identifier: LGPL-2.1-or-later
"""Debug a running Python with pdb: attach.py PID [timeout=SECONDS] [scratch=FOLDER]

Run by helicopter-client, with the interpreter that the process runs on. It is pdb.attach(), with what that leaves out:

- a deadline for the process to answer,
- one line in place of a traceback, and an exit code for each kind of failure (client/session.h has the same ones),
- an end by ^C or by a signal at any time that leaves neither a traceback nor a dead debugger in the process.

pdb's own parts are replaced by name (sys.remote_exec, pdb._PdbClient), so that its protocol stays its own business.
"""

import glob
import os
import select
import signal
import socket
import sys
import tempfile
import textwrap

FAILED = 1
NOT_PERMITTED = 10
TARGET_GONE = 11
INCOMPATIBLE = 12
DISABLED = 13
NO_ANSWER = 14
INTERRUPTED = 15
BUSY = 16
ENDED = 17  # by SIGTERM before the first prompt

# What the interpreter says when it does not get into another one (Python/remote_debug.h, Python/remote_debugging.c; 3.14).
INCOMPATIBLE_TEXTS = ("version", "send commands", "PyRuntime", "debug offsets")
DISABLED_TEXT = "Remote debugging is not enabled"

# How a user leaves pdb.
LEAVING = ("q", "quit", "exit", "EOF")


class Failure(Exception):
    """No session, for a reason that can be told in a line."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


# What the process runs: attach-job.py and pdb's own script, which must be at the same level, since it takes the frame that
# it was put upon. Where attach-job.py fails, pdb's script is used alone. No call may come after pdb's script: the debugger might
# stop there. An OSError says that the client has gone meanwhile, which the process need not hear of.
SCRIPT = """\
import pdb
_plain = getattr(pdb, "_PdbServer", None)
try:
    exec({prologue!r})
    remove_dead_debugger()
    pdb._PdbServer = Server
except Exception:
    pass
try:
{script}
except OSError:
    pass
finally:
    pdb._PdbServer = _plain
"""

# What a script is replaced with when nobody waits for it any more. The process still has its path, and would complain of
# a missing file.
DISARMED = """\
# disarmed
import os
try:
    os.unlink({path!r})
except OSError:
    pass
"""


class Script:
    """The file that the process is asked to run: pdb's, wrapped into our own."""

    def __init__(self, pid, folder):
        self.pid = pid
        self.folder = folder if folder and os.access(folder, os.W_OK) else tempfile.gettempdir()
        self.path = None

    def write(self, text):
        with open(os.path.join(os.path.dirname(__file__), "attach-job.py"), encoding="utf-8") as file:
            prologue = file.read()
        body = textwrap.indent(text.strip("\n"), "    ")
        fd, self.path = tempfile.mkstemp(".py", f"attach-{self.pid}-", self.folder)
        with open(fd, "w", encoding="utf-8") as file:
            file.write(SCRIPT.format(prologue=prologue, script=body))
        return self.path

    def remove_disarmed(self):
        """Remove those of earlier attempts of which no process knows any longer: it keeps one path, as long as it lives."""
        for path in glob.glob(os.path.join(glob.escape(self.folder), "attach-*-*.py")):
            pid = os.path.basename(path).split("-")[1]
            try:
                with open(path, encoding="utf-8") as file:
                    disarmed = file.readline() == "# disarmed\n"
                if disarmed and (pid == str(self.pid) or not is_alive(pid)):
                    os.unlink(path)
            except OSError:
                pass

    def disarm(self):
        """The process has not run it and may still do so."""
        if self.path:
            with open(self.path + ".new", "w", encoding="utf-8") as file:
                file.write(DISARMED.format(path=self.path))
            os.replace(self.path + ".new", self.path)

    def remove(self):
        if self.path:
            os.unlink(self.path)


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

    def __init__(self, pid, timeout, folder):
        self.pid = pid
        self.timeout = timeout
        self.script = Script(pid, folder)
        self.queued = False  # the process was asked to run the script
        self.connected = False  # and has run it
        self.left = False  # the user has said that this is the end
        self.prompted = False  # and its debugger has asked for a command
        self.reading = False  # a command is being typed
        self.last_error = None  # what the debugger complained of last

    def run(self):
        import pdb

        sys.remote_exec, self.remote_exec = self.queue, sys.remote_exec
        pdb._PdbClient = self.make_client_class(pdb._PdbClient)
        # pdb.attach() waits for the connection on a socket that it makes with this timeout.
        socket.setdefaulttimeout(self.timeout)
        try:
            pdb.attach(self.pid)
        except TimeoutError:
            raise self.no_answer() from None
        finally:
            self.clean_up()
        if not self.prompted and is_alive(self.pid):
            raise Failure(BUSY, f"pdb refused: {self.last_error or 'it went away without a prompt'}")
        if not self.left:
            self.wait_for_end()

    def wait_for_end(self):
        """A process that ends closes the connection a little earlier. Its end is what the client should find."""
        try:
            pidfd = os.pidfd_open(self.pid)
        except OSError:
            return
        select.select([pidfd], [], [], 1)
        os.close(pidfd)

    def queue(self, pid, path):
        """Stands in for sys.remote_exec(): has our script run in place of pdb's."""
        with open(path, encoding="utf-8") as file:
            text = file.read()
        self.remote_exec(pid, self.script.write(text))
        self.queued = True
        self.script.remove_disarmed()
        # The deadline is for the connection; what comes over it takes as long as the user wants.
        socket.setdefaulttimeout(None)

    def make_client_class(session, base):
        class Client(base):
            def cmdloop(self):
                session.connected = True
                session.clean_up()
                super().cmdloop()

            def _send(self, **message):
                session.left = message.get("signal") == "EOF" or message.get("reply", "").strip() in LEAVING
                super()._send(**message)

            def process_payload(self, payload):
                if payload.get("type") == "error":
                    session.last_error = payload.get("message")
                    if not session.prompted:
                        return  # told as the reason of the failure
                super().process_payload(payload)

            def prompt_for_reply(self, prompt):
                session.prompted = session.reading = True
                super().prompt_for_reply(prompt)
                session.reading = False

            def send_interrupt(self):
                # Before its first prompt pdb does not take the process's SIGINT: it would be a KeyboardInterrupt there.
                if not session.prompted:
                    raise KeyboardInterrupt
                super().send_interrupt()

        return Client

    def end(self, signum, frame):
        """SIGTERM: an exception, so that readline gives the terminal back and the connection is closed in order."""
        if self.reading:
            print()
        raise SystemExit(0 if self.prompted else ENDED)

    def no_answer(self):
        if not is_alive(self.pid):
            return Failure(TARGET_GONE, f"Process {self.pid} has ended")
        return Failure(
            NO_ANSWER,
            f"Process {self.pid} did not answer within {self.timeout:g} s: its main thread is in a call that runs no Python",
        )

    def clean_up(self):
        try:
            if self.queued and not self.connected and is_alive(self.pid):
                self.script.disarm()
            else:
                self.script.remove()
                self.script.path = None
        except OSError:
            pass


def explain(error, pid):
    """The Failure that an exception of pdb.attach() means."""
    text = str(error)
    if not is_alive(pid):
        return Failure(TARGET_GONE, f"Process {pid} has ended")
    if isinstance(error, PermissionError):
        return Failure(NOT_PERMITTED, f"The system does not permit to trace process {pid}: {error.strerror or text}")
    if DISABLED_TEXT in text:
        return Failure(DISABLED, f"Process {pid} does not let a debugger in: {text}")
    if isinstance(error, RuntimeError) and any(part in text for part in INCOMPATIBLE_TEXTS):
        return Failure(INCOMPATIBLE, f"Process {pid} is not debugged by this Python {sys.version.split()[0]}: {text}")
    return Failure(FAILED, f"Cannot attach to process {pid}: {type(error).__name__}: {text}")


def parse(argv):
    settings = dict(argument.split("=", 1) for argument in argv[2:])
    timeout = float(settings.get("timeout", 0))
    return int(argv[1]), timeout if timeout > 0 else None, settings.get("scratch")


def follow_colour_settings():
    """PYTHON_COLORS says nothing to an isolated interpreter (-I), which this one is; it does to `python -m pdb -p`."""
    setting = os.environ.get("PYTHON_COLORS")
    if setting == "0":
        os.environ["NO_COLOR"] = "1"
    elif setting == "1":
        os.environ.pop("NO_COLOR", None)
        os.environ["FORCE_COLOR"] = "1"


def main(argv):
    pid, timeout, folder = parse(argv)
    if not hasattr(sys, "remote_exec"):
        raise Failure(INCOMPATIBLE, f"Python {sys.version.split()[0]} cannot attach to a process")
    follow_colour_settings()
    if not sys.stdin or not sys.stdin.isatty():
        sys.stdin = PlainInput()
    session = Session(pid, timeout, folder)
    signal.signal(signal.SIGTERM, session.end)
    try:
        session.run()
    except KeyboardInterrupt:
        raise Failure(INTERRUPTED, f"Interrupted; process {pid} goes on") from None
    except (OSError, RuntimeError, ImportError) as error:
        raise explain(error, pid) from None


if __name__ == "__main__":
    try:
        main(sys.argv)
    except Failure as failure:
        print(f"helicopter-client: {failure}", file=sys.stderr)
        sys.exit(failure.code)
