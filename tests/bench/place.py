# SPDX-License-Identifier: LGPL-2.1-or-later
"""Where it is measured: in a session of its own (natively), or in that of the user who is logged in (in the virtual machine)."""

import itertools
import os
import shutil
import signal
import subprocess
from contextlib import contextmanager
from pathlib import Path

from support import session as programs
from support import wait
from support.session import PrivateSession, UserSession, job_path

PROGRAMS = Path(__file__).parent / "programs"
TOOLS = Path("/cache/build/tests/bench")  # contrib/testbed/enter
SCOPE = Path("/proc/sys/kernel/yama/ptrace_scope")


class Place:
    """A session with a daemon, and what figures need of it."""

    client, parent = programs.CLIENT, programs.PARENT

    def __init__(self, python, idle, jobs):
        """idle: how many seconds to look at idle processes. jobs: how many to start, in turn."""
        self.python, self.idle, self.jobs = python, idle, jobs
        self.has_units = subprocess.run(["systemctl", "--user", "is-system-running"], capture_output=True, check=False, text=True).stdout.strip() in (
            "running", "degraded")
        self.emulated = "Nehalem" in Path("/proc/cpuinfo").read_text()  # contrib/testbed/vm
        self.has_yama = SCOPE.exists()
        self._numbers = itertools.count(1)
        self.session = UserSession() if self.has_units else PrivateSession()
        if not self.has_units:
            self.session.start_bus()
            self.session.start_daemon()

    def close(self):
        self.session.close()

    @property
    def env(self):
        return self.session.env

    def new_name(self):
        return f"bench{next(self._numbers)}"

    def new_path(self):
        return self.session.folder / f"file{next(self._numbers)}"

    def daemon_pid(self):
        return self.session.daemon_pid() if self.has_units else self.session.daemon.pid

    def new_daemon(self):
        """Another daemon, which has nothing in its memory of what the last one did."""
        if self.has_units:
            self.session.systemctl("restart", "helicopterd.service")
        else:
            self.session.kill_daemon(signal.SIGTERM)
            self.session.start_daemon()

    @contextmanager
    def without_watchdog(self):
        """Another daemon that need not tell its service manager that it lives; the one before need not, where there are no units."""
        if not self.has_units:
            yield
            return
        file = Path(self.env["XDG_RUNTIME_DIR"]) / "systemd/user/helicopterd.service.d/bench.conf"
        is_new = not file.parent.exists()
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("[Service]\nWatchdogSec=0\n", encoding="ascii")
        try:
            self.session.systemctl("daemon-reload")
            self.new_daemon()
            yield
        finally:
            file.unlink()
            if is_new:
                file.parent.rmdir()
            self.session.systemctl("daemon-reload")
            self.new_daemon()

    @contextmanager
    def peers_permitted(self):
        """What is compared with must be permitted to trace: under Yama's scope 0."""
        if not self.has_yama:
            yield
            return
        before = SCOPE.read_text().strip()
        wait.run("sudo", "sysctl", "-q", "kernel.yama.ptrace_scope=0")
        try:
            yield
        finally:
            wait.run("sudo", "sysctl", "-q", f"kernel.yama.ptrace_scope={before}")

    def start(self, *command):
        """Start a job; return its name."""
        name = self.new_name()
        self.session.start_job(name, command)
        return name

    def pid(self, name):
        """The pid of a job."""
        return self.session.list()[name][3]

    def forget(self, name):
        """Forget a job that ends."""
        self.session.wait_state(name, "failed", "exited")
        with self.session.peer() as peer:
            peer.call(programs.MANAGER_PATH, programs.MANAGER, "ForgetJob", "s", name)

    def kill(self, name):
        """End a job at once, and forget it."""
        with self.session.peer() as peer:
            peer.call(job_path(name), programs.JOB, "Kill", "si", "main", int(signal.SIGKILL))
        self.forget(name)

    def program(self, name, *arguments):
        """A command line: one of the programs here, run by the Python that is measured."""
        return [self.python, str(PROGRAMS / name), *map(str, arguments)]

    def env_with_python3(self):
        """An environment in which `python3` is the Python that is measured, as a virtual environment has it."""
        if os.path.samefile(shutil.which("python3"), shutil.which(self.python)):
            return self.env
        folder = self.session.folder / "python3"
        folder.mkdir(exist_ok=True)
        if not (folder / "python3").exists():
            (folder / "python3").symlink_to(shutil.which(self.python))
        return self.env | {"PATH": f"{folder}:{self.env['PATH']}"}

    @contextmanager
    def job(self, program, *arguments):
        """A job that runs a program of programs/, which writes to the file that it is given first when it is where it should be."""
        ready = self.new_path()
        name = self.start(*self.program(program, ready, *arguments))
        try:
            wait.until(ready.exists, f"{program} runs")
            yield name
        finally:
            self.kill(name)

    @contextmanager
    def process(self, program, *arguments):
        """The same without helicopter; its Popen."""
        ready = self.new_path()
        with subprocess.Popen(self.program(program, ready, *arguments), env=self.env, cwd=self.session.folder, stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, start_new_session=True) as process:
            try:
                wait.until(ready.exists, f"{program} runs")
                yield process
            finally:
                process.kill()
