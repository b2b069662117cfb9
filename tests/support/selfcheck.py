# SPDX-License-Identifier: LGPL-2.1-or-later
"""Everything that can be done to a job, again and again, while it checks what it gets (jobs/selfcheck.py)."""

import collections
import json
import os
import random
import re
import signal
import time

from support import process, wait
from support.sdbus import BusError
from support.session import ERROR, JOB, JOBS, grant, job_path, queue_script

FROM_OUTSIDE = signal.SIGRTMIN + 2
DISARMING = {ERROR + "Blocked", ERROR + "Timeout"}  # what Wake says when it has withdrawn the script

# What CPython (3.14, 3.15) says when it takes a script in code with restricted builtins, as namedtuple's are. The script is queued again.
LOST = re.compile(r"Can't open debugger script [^\n]*\nTraceback [^\n]*\n(?: [^\n]*\n)*KeyError: '__import__'\n")


class SelfCheck:
    """A job of that kind, and what is done to it."""

    def __init__(self, session, python, seed):
        self.session, self.name = session, f"selfcheck-{python}"
        self.folder = session.folder / self.name
        self.folder.mkdir()
        self.scripts = self.folder / "scripts"  # each writes its number, when it runs
        session.start_job(self.name, [python, "-Wignore::ResourceWarning", JOBS / "selfcheck.py", self.folder])
        self.pid = session.list()[self.name][3]
        self.path = job_path(self.name)
        self.chance = random.Random(seed)
        self.signals = 0
        self.ran, self.withdrawn = set(), set()
        self.done = collections.Counter()
        self.peer = session.peer()
        self.calls_on()

    def calls(self):
        try:
            return int((self.folder / "progress").read_text() or 0)
        except FileNotFoundError:
            return 0

    def calls_on(self):
        before = self.calls()
        wait.until(lambda: self.calls() > before, f"{self.name} makes more than {before} calls: {self.wrong()}")

    def wrong(self):
        return (self.folder / "report").read_text() if (self.folder / "report").exists() else ""

    def call(self, member, signature="", *arguments):
        return self.peer.call(self.path, JOB, member, signature, *arguments)

    # What is done.

    def grant(self):
        os.close(grant(self.peer, self.name, force=True, python=self.chance.random() < 0.5))

    def queue(self):
        """Have a script queued; its number."""
        number = sum(self.done.values())
        script = f"import os\nfd = os.open({str(self.scripts)!r}, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)\n" \
                 f"os.write(fd, b'{number}\\n')\nos.close(fd)\ndel os, fd\n"
        queue_script(self.peer, self.name, script)
        return number

    def wake(self, number):
        """Have it woken for the script: it is run or withdrawn."""
        try:
            self.call("Wake", "ua{sv}", 0, {"timeout": ("t", wait.SECONDS * 1_000_000)})
        except BusError as error:
            if error.name in DISARMING:
                self.done["withdrawn"] += 1
                self.withdrawn.add(number)
                return
            if error.name != ERROR + "NoScript":  # it has run already
                raise
        self.ran.add(number)
        wait.until(lambda: number in self.scripts_run(), f"script {number} runs")

    def scripts_run(self):
        return [int(line) for line in self.scripts.read_text().split()] if self.scripts.exists() else []

    def script(self):
        self.wake(self.queue())

    def script_while_stopped(self):
        process.stop(self.pid)
        try:
            number = self.queue()
            process.wait_stopped(self.pid)
        finally:
            os.kill(self.pid, signal.SIGCONT)
        self.wake(number)

    def wake_for_nothing(self):
        try:
            self.call("Wake", "ua{sv}", 0, {})
            raise AssertionError("a script was found that nobody queued")
        except BusError as error:
            assert error.name == ERROR + "NoScript", error

    def stop(self):
        process.stop(self.pid)
        try:
            self.grant()
            process.wait_stopped(self.pid)
        finally:
            os.kill(self.pid, signal.SIGCONT)

    def where(self):
        found = self.call("Where")
        assert found["memory"] > 0 and ("file" not in found or (found["file"] and found["function"])), found

    def signal(self):
        number = self.chance.randrange(1, 5)
        self.signals += number
        for _ in range(number):
            os.kill(self.pid, FROM_OUTSIDE)

    def grant_and_signal(self):
        """Signals that arrive about when the job is stopped for the grant."""
        self.signal()
        lease = grant(self.peer, self.name, force=True)
        self.signal()
        os.close(lease)

    def attach(self):
        done = self.session.client("attach", self.name, stdin=None, input="where\nquit\n", check=False)
        if done.returncode == 0:
            assert "run()" in done.stdout, done.stdout
        else:
            # It was in a call that must not be interrupted for the whole time? These are short.
            raise AssertionError(f"no prompt: {done.stdout}{done.stderr}")

    WEIGHTS = {"grant": 30, "script": 30, "wake_for_nothing": 8, "stop": 6, "script_while_stopped": 3, "signal": 10, "grant_and_signal": 20,
               "where": 10, "attach": 1}

    def operate(self, count, seconds, without=()):
        """So many random operations, as far as the time goes."""
        names = [name for name in self.WEIGHTS if name not in without]
        deadline = time.monotonic() + seconds
        while sum(self.done.values()) < count and time.monotonic() < deadline:
            name = self.chance.choices(names, [self.WEIGHTS[name] for name in names])[0]
            getattr(self, name)()
            self.done[name] += 1

    # What must hold afterwards.

    def finish(self):
        """The job's own report; a dictionary."""
        self.calls_on()
        (self.folder / "stop").touch()
        self.session.wait_state(self.name, "exited", "failed")
        self.peer.close()
        log = self.session.job_output(self.name)
        assert (self.folder / "report").exists(), f"the job did not come to its end:\n{log}"
        report = json.loads((self.folder / "report").read_text())
        print(f"{self.name}: {dict(self.done)}; the job made {report['calls']} calls")
        assert LOST.sub("", log) == ""
        return report

    def check(self):
        report = self.finish()
        assert report["wrong"] == []
        assert report["outside"] == self.signals
        assert report["other"] == {}
        assert not report["traced"]
        run = self.scripts_run()
        assert collections.Counter(run) == collections.Counter(self.ran), "each script runs once, and none that was withdrawn"
