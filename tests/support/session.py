# SPDX-License-Identifier: LGPL-2.1-or-later
"""The programs under test, and what they need around them."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import termios
from pathlib import Path

import pexpect

from support import errors, sdbus, wait
from support.process import command_line, environment, pid_alive

PREFIX = Path(os.environ.get("HELICOPTER_PREFIX", "/usr/local"))
CLIENT = PREFIX / "bin/helicopter-client"
PARENT = PREFIX / "bin/helicopter-parent"
DAEMON = PREFIX / "libexec/helicopterd"
TESTS = Path(__file__).parents[1]
JOBS = TESTS / "support/jobs"
INCLUDE = Path(__file__).parents[2] / "include/helicopter"

NAME = "org.helicopter1"
MANAGER_PATH = "/org/helicopter1"
MANAGER = "org.helicopter1.Manager"
JOB = "org.helicopter1.Job"
ERROR = "org.helicopter1.Error."

PROMPT = ">>> "  # the client's own

# For the end of a job that would end at once: journald looks at the process to tell of which unit a line is, and a busy one may come
# to the line when the process has gone (systemd 262).
UNTIL_IN_THE_JOURNAL = """
import os, subprocess, sys
sys.stdout.flush()
while not subprocess.run(["journalctl", "--quiet", "--since=-1min", f"_PID={os.getpid()}"], capture_output=True).stdout:
    pass
"""


def encode(name):
    """A name as sd_bus_path_encode() writes it."""
    return "".join(char if char.isalnum() and not (at == 0 and char.isdigit()) else f"_{ord(char):02x}" for at, char in enumerate(name))


def job_path(name):
    return f"{MANAGER_PATH}/job/{encode(name)}"


def unit(name):
    """The unit of a job that the daemon has started."""
    return f"helicopter-{name}.service"


def exit_code(terminal):
    """Wait for the end of a command on a terminal; return its exit code, None if a signal has ended it."""
    terminal.expect(pexpect.EOF)
    return terminal.wait()


def grant(connection, name, target=0, **options):
    """Take the lease of a job; return its descriptor. options: Grant's, switches and words."""
    options = {key: ("b" if isinstance(value, bool) else "s", value) for key, value in options.items()}
    return connection.call(job_path(name), JOB, "Grant", "ua{sv}", target, options)


def queue_script(connection, name, text):
    """Have a job's main process run a Python script when it comes to it."""
    script = os.memfd_create("script")
    try:
        os.write(script, text.encode())
        connection.call(job_path(name), JOB, "RemoteExec", "uha{sv}", 0, script, {})
    finally:
        os.close(script)


class Job:
    """A job that counts."""

    def __init__(self, session, name, file):
        self.session, self.name, self.file = session, name, file

    def counter(self):
        try:
            return int(self.file.read_text() or 0)
        except FileNotFoundError:
            return 0

    def counts_on(self):
        """Wait until the job has counted on from now."""
        before = self.counter()
        wait.until(lambda: self.counter() > before + 1, f"job {self.name} counts on from {before}")

    def stands_still(self):
        """The number that the job stays at for a while (its loop takes 50 ms)."""
        numbers = []

        def same():
            numbers.append(self.counter())
            return len(numbers) > 30 and len(set(numbers[-30:])) == 1

        wait.until(same, f"job {self.name} stands still")
        return numbers[-1]

    def __getattr__(self, attribute):
        """job.PID, job.State …: properties, as the daemon has them."""
        if not attribute[0].isupper():
            raise AttributeError(attribute)
        return self.session.get_property(job_path(self.name), JOB, attribute)


class Session:
    """A user's session. In this class, what does not depend on where its daemon and bus come from."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="hc-", dir="/tmp"))
        self.env = {
            "PATH": f"{PREFIX}/bin:/usr/local/bin:/usr/bin:/bin",
            "HOME": str(self.folder / "home"),
            "LANG": "C.UTF-8",
            "TERM": "dumb",
            "NO_COLOR": "1",
            "HELICOPTER_TEST": str(self.folder),  # what is left at the end is found by this
            "ASAN_OPTIONS": f"log_path={self.folder}/sanitizer:detect_stack_use_after_return=1:fast_unwind_on_malloc=0:quarantine_size_mb=1",
            "UBSAN_OPTIONS": f"log_path={self.folder}/sanitizer:print_stacktrace=1",
        }
        (self.folder / "home").mkdir()

    @property
    def socket(self):
        return Path(self.env["XDG_RUNTIME_DIR"]) / "helicopter/bus"

    # The client.

    def client(self, *words, check=True, env=None, **more):
        """Run helicopter-client without a terminal."""
        return wait.run(CLIENT, *words, check=check, env=self.env | (env or {}), **({"cwd": self.folder} | more))

    def refused(self, *words, code=None, **more):
        """Run helicopter-client, which must fail with one clear message on stderr; return that."""
        done = self.client(*words, check=False, **more)
        assert done.returncode > 0, f"{words} ended with {done.returncode}: {done.stdout}{done.stderr}"
        assert code is None or done.returncode == code, f"{words} ended with {done.returncode}: {done.stderr}"
        assert done.stdout == "", f"{words} wrote to stdout: {done.stdout}"
        # What went wrong, and what to do about it; `attach` tells before that what it is about to do.
        lines = [line for line in done.stderr.splitlines() if not line.startswith("Requesting ptrace permission")]
        assert len(lines) == 2, f"{words}: not one clear message: {done.stderr}"
        return done.stderr

    def spawn(self, *command, env=None, cwd=None, seconds=wait.SECONDS, dimensions=(50, 200)):
        """Run a command on a terminal."""
        command = [str(word) for word in command]

        def set_size():  # pexpect does so from outside, when the command may have looked already
            termios.tcsetwinsize(0, dimensions)

        terminal = pexpect.spawn(command[0], command[1:], env=self.env | (env or {}), cwd=str(cwd or self.folder), encoding="utf-8",
                                 timeout=seconds, dimensions=dimensions, codec_errors="replace", preexec_fn=set_size)
        terminal.logfile_read = errors.observed
        return terminal

    @contextlib.contextmanager
    def process(self, *command, **more):
        """A command's Popen, which has to be told to end; where the test fails before that, it is killed."""
        with subprocess.Popen([str(word) for word in command], env=self.env, **more) as process:
            try:
                yield process
            except BaseException:
                process.kill()
                raise

    @property
    def python_env(self):
        """For a Python program beside the test, which is to find `support`."""
        return self.env | {"PYTHONPATH": str(TESTS)}

    def python(self, program, *arguments, around=()):
        """Start such a program, with pipes to its stdin and from its stdout. around: a command that runs it."""
        return subprocess.Popen([*around, sys.executable, "-c", program, *map(str, arguments)], env=self.python_env, text=True,
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def prompt(self, **more):
        """The client's own prompt, on a terminal."""
        terminal = self.spawn(CLIENT, **more)
        terminal.expect_exact(PROMPT)
        return terminal

    def attach(self, name, *options, **more):
        """A pdb session on a job; returns at its first prompt."""
        return Pdb(self.spawn(CLIENT, "attach", "--job", name, *options, **more))

    def run_counter(self, name="count", python="python3.14", options=(), script=JOBS / "counter.py", **more):
        """Have a counting job started by the client. options: of `run`. script: what counts, in the file that it is given."""
        file = self.folder / f"{name}.count"
        file.unlink(missing_ok=True)
        self.client("run", "--job", name, *options, "--", python, script, file, **more)
        job = Job(self, name, file)
        wait.until(job.counter, f"job {name} counts")
        return job

    def run_family(self):
        """Have a job `family` started that has a child, which sleeps; return the child's pid."""
        file = self.folder / "child"
        self.client("run", "--job", "family", "--", "python3.14", JOBS / "family.py", file)
        return int(wait.content(file, "the job has a child"))

    def job_output(self, name):
        """What a job wrote."""
        path = self.get_property(job_path(name), JOB, "LogPath")
        return Path(path).read_text(errors="replace") if path else self.journal(f"--user-unit=helicopter-{name}", "-o", "cat", "_COMM=python3.14",
                                                                                "_COMM=python3.15")

    # The bus.

    def busctl(self, *words, check=True):
        done = wait.run("busctl", f"--address={self.env['DBUS_SESSION_BUS_ADDRESS']}", "--json=short", *words, check=check,
                        env=self.env)
        return done

    def get_property(self, path, interface, name):
        if "DBUS_SESSION_BUS_ADDRESS" not in self.env:
            with self.peer() as peer:
                return peer.call(path, "org.freedesktop.DBus.Properties", "Get", "ss", interface, name)
        done = self.busctl("get-property", NAME, path, interface, name)
        return json.loads(done.stdout)["data"]

    def properties(self, name):
        """All properties of a job."""
        with self.peer() as peer:
            return peer.call(job_path(name), "org.freedesktop.DBus.Properties", "GetAll", "s", JOB)

    def bus(self):
        """A connection to the session's bus."""
        return sdbus.Connection(self.env["DBUS_SESSION_BUS_ADDRESS"])

    @property
    def address(self):
        """The daemon's private socket, as D-Bus writes addresses."""
        return f"unix:path={self.socket}"

    def peer(self):
        """A connection to the daemon's private socket."""
        return sdbus.Connection(self.address, bus=False)

    def connections(self):
        """All the ways there are to the daemon."""
        return [self.peer()] + ([self.bus()] if "DBUS_SESSION_BUS_ADDRESS" in self.env else [])

    def list(self):
        """What the daemon lists: {name: (path, name, state, pid, tracer pid, unit)}."""
        with self.peer() as peer:
            return {job[1]: job for job in peer.call(MANAGER_PATH, MANAGER, "ListJobs")}

    def start_job(self, name, argv, cwd=None, environment=None, options=None, connection=None):
        """StartJob, over the private socket unless a connection is given; return the job's path."""
        arguments = (name, [str(word) for word in argv], str(cwd or self.folder),
                     environment if environment is not None else [f"{key}={value}" for key, value in self.env.items()], options or {})
        if connection:
            return connection.call(MANAGER_PATH, MANAGER, "StartJob", "sassasa{sv}", *arguments)
        with self.peer() as peer:
            return peer.call(MANAGER_PATH, MANAGER, "StartJob", "sassasa{sv}", *arguments)

    def wait_state(self, name, *states):
        """Wait until a job is in one of the states, return it."""

        def state():
            listed = self.list().get(name)
            return listed[2] if listed and listed[2] in states else None

        return wait.until(state, f"job {name} is {' or '.join(states)}")

    # The end.

    def processes(self):
        """All processes that were started in this session: [(pid, command line)]."""
        mark = f"HELICOPTER_TEST={self.folder}".encode()
        found = []
        for entry in os.listdir("/proc"):
            if entry.isdigit() and int(entry) != os.getpid():
                try:
                    if mark in environment(entry) and pid_alive(entry):
                        found.append((int(entry), command_line(entry)))
                except OSError:
                    pass
        return found

    def kill_client(self):
        """Kill the client and its debugger, as they stand; one may go because the other does."""
        for pid, command in self.processes():
            if str(CLIENT) in command or "attach.py" in command:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass

    def kill_all(self):
        """End all processes of this session."""

        def none_left():
            left = self.processes()
            for pid, _ in left:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            return not left

        wait.until(none_left, lambda: f"these end: {self.processes()}")

    def finish(self):
        """What this session has started ends in its usual way; returns 0 when it did."""
        return 0

    def sanitizer_reports(self):
        """What sanitizers and valgrind have found; empty: nothing."""
        return "".join(path.read_text(errors="replace") for path in sorted(self.folder.glob("sanitizer*")))

    def end(self):
        """Close a session in which nothing may have gone wrong unseen."""
        status, reports = None, ""
        try:
            status = self.finish()
        finally:
            reports = self.sanitizer_reports()
            self.close()
        assert not reports, reports
        assert status == 0, f"the daemon ended with {status}"

    def logs(self):
        """What the programs wrote, for a failed test's report."""
        return "\n".join(f"== {path}\n{path.read_text(errors='replace')}" for path in sorted(self.folder.rglob("*.log")))

    def close(self):
        self.kill_all()
        shutil.rmtree(self.folder, ignore_errors=True)


class PrivateSession(Session):
    """A session of its own: runtime folder, state folder, and on demand a message bus and a daemon."""

    def __init__(self):
        super().__init__()
        (self.folder / "run").mkdir(mode=0o700)
        (self.folder / "data").mkdir()
        self.env |= {
            "XDG_RUNTIME_DIR": str(self.folder / "run"),
            "XDG_STATE_HOME": str(self.folder / "state"),
            "XDG_DATA_DIRS": str(self.folder / "data"),  # nothing is activatable
        }
        self.bus_daemon = self.daemon = None

    def start_bus(self, data_dirs=None):
        """Start a message bus; data_dirs: where it finds services to activate."""
        address = f"unix:path={self.folder}/run/session-bus"
        self.env["DBUS_SESSION_BUS_ADDRESS"] = address
        reader, writer = os.pipe()
        with open(self.folder / "bus.log", "ab") as log:
            self.bus_daemon = subprocess.Popen(
                ["dbus-daemon", "--session", "--nofork", "--nopidfile", f"--address={address}", f"--print-address={writer}"],
                env=self.env | ({"XDG_DATA_DIRS": str(data_dirs)} if data_dirs else {}), pass_fds=[writer], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True)
        os.close(writer)
        with os.fdopen(reader, "rb") as pipe:
            assert pipe.readline(), "dbus-daemon did not start"

    @contextlib.contextmanager
    def listen(self):
        """A socket that is listened to in the daemon's place."""
        self.socket.parent.mkdir(mode=0o700)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(self.socket))
            listener.listen()
            listener.settimeout(4 * wait.SECONDS)
            yield listener

    def try_connect(self):
        """Whether somebody listens on the private socket."""
        with socket.socket(socket.AF_UNIX) as attempt:
            return attempt.connect_ex(str(self.socket)) == 0

    def start_daemon(self, env=None, wait_until_ready=True, **more):
        """Start helicopterd, wait until it says that it is ready."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            path = self.folder / "notify"
            path.unlink(missing_ok=True)
            notify.bind(str(path))
            notify.settimeout(wait.SECONDS)
            with open(self.folder / "daemon.log", "ab") as log:
                self.daemon = subprocess.Popen([DAEMON], env=self.env | {"NOTIFY_SOCKET": str(path)} | (env or {}), cwd="/",
                                               stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, **more)
            while wait_until_ready and b"READY=1" not in notify.recv(4096).split(b"\n"):
                pass

    def kill_daemon(self, number=signal.SIGKILL):
        """Send the daemon a signal and wait for its end; return its exit status."""
        self.daemon.send_signal(number)
        return self.daemon.wait(wait.SECONDS)

    def finish(self):
        """Have the daemon end as it does by itself, if it is there: leaks are reported then. Returns its exit status."""
        if not self.daemon or self.daemon.poll() is not None:
            return 0
        self.daemon.send_signal(signal.SIGCONT)
        return self.kill_daemon(signal.SIGTERM)

    def close(self):
        super().close()
        for process in (self.daemon, self.bus_daemon):
            if process:
                process.wait(wait.SECONDS)


class Pdb:
    """pdb on a terminal."""

    PROMPT = r"\(Pdb\) $"

    def __init__(self, terminal):
        self.terminal = terminal
        self.greeting = self._prompt()

    def _prompt(self):
        found = self.terminal.expect([self.PROMPT, pexpect.EOF, pexpect.TIMEOUT])
        assert found == 0, f"no prompt of pdb, but:\n{self.terminal.before}"
        return self.terminal.before

    def command(self, line):
        """Type a line, return what pdb answers."""
        self.terminal.sendline(line)
        return self._prompt().partition("\n")[2].strip()

    def number(self, expression):
        return int(self.command(f"p {expression}"))

    def finish(self, code=0):
        """Wait for the client's end; return what it still wrote."""
        assert exit_code(self.terminal) == code, f"it ended with {self.terminal.exitstatus}: {self.terminal.before}"
        return self.terminal.before

    def quit(self):
        """Detach as a user does; return what the client says then."""
        self.terminal.sendline("quit")
        return self.finish()


class UserSession(Session):
    """The session of the user who is logged in: the service manager's units, the user bus, the journal."""

    def __init__(self):
        super().__init__()
        self.env |= {
            "HOME": os.environ["HOME"],
            "USER": os.environ["USER"],
            "XDG_RUNTIME_DIR": os.environ["XDG_RUNTIME_DIR"],
            "DBUS_SESSION_BUS_ADDRESS": os.environ["DBUS_SESSION_BUS_ADDRESS"],
        }
        self.began = wait.run("date", "+%s.%N").stdout.strip()
        self.reset()

    def systemctl(self, *words, check=True):
        return wait.run("systemctl", "--user", *words, check=check, env=self.env)

    def show(self, unit, *properties):
        """Properties of a unit: {name: value}."""
        done = self.systemctl("show", unit, *(f"--property={name}" for name in properties))
        return dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)

    def analyze(self, *words, check=True):
        return wait.run("systemd-analyze", "--user", *words, check=check, env=self.env)

    def journal(self, *words):
        return wait.run("journalctl", "--user", "--quiet", "--no-pager", f"--since=@{self.began}", *words, env=self.env).stdout

    def daemon_pid(self):
        """The pid of the daemon's unit; 0: it does not run."""
        return int(self.show("helicopterd.service", "MainPID")["MainPID"])

    def reset(self):
        """The daemon stopped, no job, the socket listening."""
        self.systemctl("stop", "helicopterd.socket", "helicopterd.service", "helicopter-*.service", check=False)
        self.systemctl("reset-failed", "helicopterd.socket", "helicopterd.service", check=False)
        shutil.rmtree(self.socket.parent / "ended", ignore_errors=True)
        self.systemctl("start", "helicopterd.socket")

    def logs(self):
        return self.journal("--output=short-precise")

    def close(self):
        self.systemctl("stop", "helicopterd.service", "helicopter-*.service", check=False)
        super().close()
