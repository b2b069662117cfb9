# SPDX-License-Identifier: LGPL-2.1-or-later
"""Jobs that are blocked in all the ways that there are (jobs/blocked.py), and what becomes of a debugger that is attached to them."""

import concurrent.futures
import json
import os
import re
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from support import process, wait
from support.session import JOBS

PROMPT, THREAD, MESSAGE = "prompt", "other thread", "message"
SOURCE = JOBS / "blocked.py"
LATE = wait.SECONDS / 5  # how much later than planned a call may end; never earlier
busy = threading.Semaphore(2 * os.cpu_count())  # for what does not only wait


@dataclass
class Case:
    """A kind of blocked.py, and what should happen."""

    title: str
    outcome: str
    result: object
    error: list | None = None
    signals: dict = field(default_factory=dict)
    says: str = ""  # a pattern, for the message
    steps: int = 0  # from the oldest frame to the one that is looked at; 0: it is the newest
    timed: bool = True  # the length of the call does not depend on how busy the machine is
    busy: bool = False  # it is not blocked
    timeout: float = 0.75  # of the time that the call takes

    def commands(self):
        look = f"up 99\ndown {self.steps}\n" if self.steps else ""
        return f"where\n{look}p local\nquit\n"


USR1 = {"SIGUSR1": 1}
TIMED_OUT = ["TimeoutError", None]
LOCK = r"(?i)main thread.*lock"

CASES = {
    "sleep": Case("`time.sleep`", PROMPT, None),
    "read": Case("`os.read` of a pipe", PROMPT, "data"),
    "write": Case("`os.write` to a full pipe", PROMPT, 4),
    "input": Case("`input`", PROMPT, ["answer", "more"]),
    "accept": Case("`socket.accept`", PROMPT, "data", steps=1),
    "recv": Case("`socket.recv`", PROMPT, "data"),
    "recv-timeout": Case("`socket.recv` with a timeout", PROMPT, None, TIMED_OUT),
    "sendall": Case("`socket.sendall`, half done", PROMPT, 7),
    "ssl": Case("`ssl.SSLSocket.recv`", PROMPT, "data", steps=1),
    "select": Case("`select.select`", PROMPT, [[], [], []]),
    "poll": Case("`poll`", PROMPT, []),
    "epoll": Case("`epoll`", PROMPT, []),
    "asyncio": Case("`asyncio.sleep`", PROMPT, "slept", steps=1),
    "waitpid": Case("`os.waitpid`", PROMPT, 7),
    "communicate": Case("`Popen.communicate`", PROMPT, ["out\n", "err\n", 7], steps=1),
    "flock": Case("`fcntl.flock`", PROMPT, None),
    "lockf": Case("`fcntl.lockf`", PROMPT, None),
    "fifo": Case("`open` of a FIFO", PROMPT, "data"),
    "mp-join": Case("`multiprocessing.Process.join`", PROMPT, 7, steps=1),
    "mp-queue": Case("`multiprocessing.SimpleQueue.get`", PROMPT, "data", steps=1),
    "mp-semaphore": Case("`multiprocessing.Semaphore.acquire`", PROMPT, True),
    "lock-alone": Case("`Lock.acquire`, no other thread", MESSAGE, True, signals=USR1, says=LOCK),
    "lock-timeout": Case("`Lock.acquire` with a timeout, no other thread", MESSAGE, False, says=LOCK),
    "lock-stuck": Case("`Lock.acquire`, the other thread as well", MESSAGE, True, signals=USR1, says=LOCK),
    "lock-helped": Case("`Lock.acquire`, another thread in `time.sleep`", THREAD, True, says=LOCK, steps=3),
    "event-alone": Case("`Event.wait`, no other thread", MESSAGE, True, signals=USR1, says=LOCK),
    "event-helped": Case("`Event.wait`, another thread at work", THREAD, True, says=LOCK, steps=3),
    "queue-alone": Case("`Queue.get`, no other thread", MESSAGE, "data", signals=USR1, says=LOCK),
    "queue-helped": Case("`Queue.get`, another thread in `os.read`", THREAD, "data", says=LOCK, steps=3),
    "join-alone": Case("`Thread.join` of a thread in C code", MESSAGE, None, says=LOCK),
    "join-helped": Case("`Thread.join` of a thread in `time.sleep`", THREAD, None, says=LOCK, steps=3),
    "pause": Case("`signal.pause`", MESSAGE, None, signals=USR1, says="pause"),
    "sigwait": Case("`signal.sigwait`", MESSAGE, 12, says="sigtimedwait|sigwait"),
    "c-sleep": Case("C's `sleep`, by `ctypes`", MESSAGE, 0, says="nanosleep"),
    "c-poll": Case("C's `poll`, by `ctypes`", MESSAGE, 0, says="poll"),
    "bytecode": Case("none: bytecode", PROMPT, "worked", busy=True, steps=1),
    "re": Case("none: `re.search` of a long text", PROMPT, None, busy=True, timed=False, steps=1),
    "c-call": Case("none: C code that looks for nothing", MESSAGE, 0, busy=True, timed=False, timeout=0.25, says="(?i)run|C code|busy"),
}


def look(pid):
    """The system call that a process is in; None: it runs."""
    state, call = process.state(pid), process.system_call(pid)
    return call if state == "S" and call[0] in "0123456789" else None


def wait_blocked(pid, report, busy):
    """Wait until a job is in its call."""
    wait.until(Path(f"{report}.begun").exists, f"{report.name} comes to its call")
    if not busy:
        before = ["not looked at"]

        def stays():
            before.append(look(pid))
            return before[-1] and before[-1] == before[-2]

        wait.until(stays, lambda: f"{report.name} is blocked; seen: {before[-3:]}")


class Run:
    """One job of a kind, with a debugger attached to it once."""

    def __init__(self, session, python, kind, seconds):
        self.session, self.case, self.kind = session, CASES[kind], kind
        self.name = f"{kind}-{python}-{seconds}"
        self.report_path = session.folder / f"{self.name}.json"
        self.report = {}
        with busy:
            self.start(python, seconds)
            self.attach(seconds * self.case.timeout)
            if self.case.busy:
                self.wait_end(seconds)
        self.wait_end(seconds)

    def start(self, python, seconds):
        self.session.start_job(self.name, [python, "-Wignore::ResourceWarning", SOURCE, self.kind, seconds, self.report_path])
        self.pid = self.session.list()[self.name][3]
        wait_blocked(self.pid, self.report_path, self.case.busy)

    def attach(self, timeout):
        self.client = self.session.client("attach", self.name, "--timeout", f"{timeout:g}", check=False, stdin=None,
                                     input=self.case.commands(), timeout=timeout + 2 * wait.SECONDS)
        self.left = time.monotonic()
        self.state = self.session.list()[self.name][2]
        self.tracer = self.traced_by()

    def wait_end(self, seconds):
        wait.until(lambda: self.session.list()[self.name][2] in ("exited", "failed"), f"job {self.name} ends", seconds + 2 * wait.SECONDS)
        self.report = json.loads(self.report_path.read_text()) if self.report_path.exists() else {}

    def traced_by(self):
        try:
            return process.tracer(self.pid)
        except OSError:
            return 0

    def in_time(self):
        """Whether the call lasted as long as the debugger was there, and long enough for it: it does not say much otherwise."""
        return self.report and self.left < self.report["ended"] and self.outcome() == self.case.outcome and self.says_why()

    def says_why(self):
        """Whether it tells what there is to tell where it does not get to the call; not so if it had no time to find out."""
        return self.case.outcome == PROMPT or re.search(self.case.says, self.client.stdout + self.client.stderr, re.DOTALL)

    def outcome(self):
        if self.client.returncode:
            return MESSAGE
        return THREAD if re.search(r"\)helper\(\)", self.client.stdout) else PROMPT

    def log(self):
        """What the job wrote."""
        return self.session.job_output(self.name)

    def check(self, seconds):
        """Everything that should hold."""
        self.check_client()
        self.check_job(seconds)

    def check_client(self):
        case, out, err = self.case, self.client.stdout, self.client.stderr
        assert self.outcome() == case.outcome, f"{self.outcome()}, not {case.outcome}:\n{out}{err}"
        assert self.says_why(), f"it does not say why:\n{out}{err}"
        if case.outcome == MESSAGE:
            assert out == "" and "Traceback" not in err and len(err) < 2000, f"{out}{err}"
        else:
            self.check_frame("helper" if case.outcome == THREAD else f"blocked_{self.kind.replace('-', '_')}", out)

    def check_frame(self, function, out):
        source = SOURCE.read_text()
        body = source[source.index(f"def {function}()"):]
        local = re.search(r'local = "(.*)"', body).group(1)
        line = next(line for line in body.splitlines() if line.endswith("# blocked") or line.startswith("    sum("))
        assert f"){function}()" in out, f"frame of {function}():\n{out}"
        if not self.case.busy:
            assert f"-> {line.strip()}" in out, f"line {line.strip()}:\n{out}"
        assert f"'{local}'" in out, f"local variable:\n{out}"

    def check_job(self, seconds):
        case, report = self.case, self.report
        assert self.state == "running", f"after the debugger the job is {self.state}"
        assert self.tracer == 0
        assert report, f"the job did not come to its end:\n{self.log()}"
        assert (report["result"], report["error"]) == (case.result, case.error)
        assert report["signals"] == case.signals
        assert (report["traced"], report["frames"]) == ([], []), "what a debugger may leave behind"
        assert report["debugged"] == (case.outcome != MESSAGE), "what the debugger brings with it"
        assert self.log() == ""
        if case.timed:
            assert seconds <= report["elapsed"] < seconds + LATE, f"the call took {report['elapsed']} s instead of {seconds}"


@dataclass
class Outcome:
    """What became of a case: text for the table, and what was wrong (empty: nothing)."""

    text: str
    wrong: str = ""


def run_case(session, python, kind):
    """One case; again with a longer call, when the machine was too busy to attach during the call."""
    for seconds in (2, 4, 8, 16, 32) if CASES[kind].busy else (4, 8, 16, 32, 64):
        try:
            run = Run(session, python, kind, seconds)
        except Exception as error:
            return Outcome("failed", f"{type(error).__name__}: {error}")
        if run.in_time():
            break
    try:
        run.check(seconds)
    except Exception as error:
        return Outcome(run.outcome(), f"{error}\n\nclient: {run.client}\nreport: {run.report}")
    return Outcome(run.outcome())


def run_cases(session, cases, at_once=20):
    """Run [(python, kind)], several at a time; return {(python, kind): Outcome}."""
    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        return dict(zip(cases, pool.map(lambda case: run_case(session, *case), cases)))


def table(outcomes):
    """Markdown."""
    pythons = list(dict.fromkeys(python for python, _ in outcomes))
    lines = ["| main thread in | " + " | ".join(python.removeprefix("python") for python in pythons) + " |", "| --- |" + " --- |" * len(pythons)]
    for kind, case in CASES.items():
        found = [outcomes.get((python, kind)) for python in pythons]
        if any(found):
            lines.append(f"| {case.title} | " + " | ".join("" if not one else one.text + (" (wrong)" if one.wrong else "") for one in found) + " |")
    return "\n".join(lines) + "\n"
