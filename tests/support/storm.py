# SPDX-License-Identifier: LGPL-2.1-or-later
"""A storm: the daemon is killed again and again while everything is asked of it. What counts is what is left afterwards.

HELICOPTER_STORM  how often it is killed
HELICOPTER_SEED   the seed of an earlier storm, to have its decisions again (the kernel's are its own)
"""

import os
import random
import signal
import subprocess
import threading
import time

from support import wait
from support.process import pid_alive
from support.sdbus import BusError
from support.session import CLIENT, DAEMON, JOB, MANAGER, MANAGER_PATH, job_path

# The daemon keeps this many jobs that have ended, and forgets the oldest of more (ENDED_MAX in daemon/bounds.h). The storm stays below that:
# it looks at them, and has all but KEPT of them forgotten.
ENDED_MAX = 1000
KEPT = 100

# A job that says when it begins and when it ends, once each.
SCRIPT = 'echo begin >>"$1"; sleep "$2"; echo end >>"$1"; exit "$3"'


def serving(session):
    """The pid of the session's daemon, or None. Not the socket's credentials: a client that starts a daemon has bound its socket."""
    pids = [pid for pid, command in session.processes() if command == str(DAEMON)]
    return max(pids, default=None) if session.try_connect() else None


class Storm:
    """Jobs that stay (counters), and threads that start, grant, wait, restart, stop and forget. kill() ends the daemon, and revive() has one
    back. bound: how many ended jobs the daemon keeps; kept: how many are left for the end."""

    def __init__(self, session, counters, bound=ENDED_MAX, kept=KEPT):
        self.session, self.counters = session, counters
        self.seed = int(os.environ.get("HELICOPTER_SEED", random.SystemRandom().randrange(1 << 32)))
        print(f"HELICOPTER_SEED={self.seed}", flush=True)
        self.over = threading.Event()
        self.folder = session.folder / "ran"
        self.folder.mkdir()
        self.codes, self.long_jobs, self.waited, self.done = {}, [], [], {}
        self.failures = []
        self.starting = (self.start, self.stop, self.restart, self.wait)
        self.bound, self.kept = bound, kept
        self.busy = {}  # {thread: the job that it is at}
        self.lock, self.room = threading.Lock(), 0  # how many may be started until that is counted anew
        self.asked, self.forgotten = set(), set()  # those that were to be forgotten, and those of them for which there was an answer

    def random(self, who):
        return random.Random(f"{self.seed} {who}")

    def _loop(self, who, step):
        chance, number = self.random(who), 0
        while not self.over.is_set():
            if step in self.starting and not self._take_room():
                self.over.wait(0.02)  # for forget()
                continue
            self.busy[who] = f"{who}{number}"
            try:
                if step(chance, self.busy[who]) is not False:
                    self.done[who] = self.done.get(who, 0) + 1
            except (BusError, OSError):
                pass  # the daemon is gone: all of this may fail, but must not leave anything wrong
            except Exception as error:  # noqa: BLE001 - told by the test's own thread
                self.failures.append(error)
                return
            number += 1
            self.over.wait(chance.uniform(0, 0.02))

    def _take_room(self):
        with self.lock:
            has_room = self.room > 0
            self.room -= has_room
            return has_room

    def _command(self, name, seconds, code):
        return ["/bin/sh", "-c", SCRIPT, "sh", str(self.folder / name), str(seconds), str(code)]

    def start(self, chance, name):
        code = chance.choice([0, 1, 7, 255])
        self.codes[name] = code
        self.session.start_job(name, self._command(name, chance.choice([0, 0.05, 0.3]), code))

    def stop(self, chance, name):
        """Start what would run for ever, and stop it."""
        self.long_jobs.append(name)
        with self.session.peer() as peer:
            self.session.start_job(name, ["/bin/sleep", "86400"], connection=peer)
            self.over.wait(chance.uniform(0, 0.05))
            peer.call(job_path(name), JOB, "Stop", "a{sv}", {"grace": ("t", 1_000_000)}, seconds=20)

    def restart(self, chance, name):
        """Have one restarted that would run for ever; whatever comes of it is one job, or none."""
        self.long_jobs.append(name)
        with self.session.peer() as peer:
            self.session.start_job(name, ["/bin/sleep", "86400"], connection=peer)
            for _ in range(3):
                peer.call(job_path(name), JOB, "Restart", "a{sv}", {"grace": ("t", 1_000_000)}, seconds=20)
                self.over.wait(chance.uniform(0, 0.02))

    def grant(self, chance, _name):
        job = chance.choice(self.counters)
        with self.session.peer() as peer:
            lease = peer.call(job_path(job.name), JOB, "Grant", "ua{sv}", 0, {"force": ("b", True)}, seconds=20)
            self.over.wait(chance.uniform(0, 0.02))
            os.close(lease)

    def wait(self, chance, name):
        """A client that waits is told the job's status, over all the daemons that there are meanwhile."""
        code = chance.choice([0, 3, 42])
        self.codes[name] = code
        done = subprocess.run([CLIENT, "run", "--wait", "--job", name, "--", *self._command(name, 0.3, code)], env=self.session.env,
                              capture_output=True, text=True, timeout=4 * wait.SECONDS, check=False, cwd=self.session.folder)
        if done.returncode == code:
            self.waited.append(name)
        elif not done.stderr:
            raise AssertionError(f"{name}: {done.returncode} instead of {code}, and no reason")

    def forget(self, chance, _name):
        """Forget what has ended, but for some of it. False: there was nothing to forget."""
        listed = self.session.list()
        ended = [name for name, job in listed.items() if job[2] in ("exited", "failed")]
        with self.lock:  # Half of the bound is left for those that run, and for those that the next daemon hears of late.
            self.room = self.bound // 2 - len(ended)
        more = [name for name in ended if name not in self.busy.values()][:-self.kept]
        with self.session.peer() as peer:
            for name in chance.sample(more, len(more)):
                if name in self.codes and self._wrong(name, self.codes[name], peer):
                    continue  # check_jobs() tells
                self.asked.add(name)
                peer.call(MANAGER_PATH, MANAGER, "ForgetJob", "s", name)
                self.forgotten.add(name)
        return bool(more)

    def list(self, _chance, _name):
        """A daemon that answers knows the jobs that run, always."""
        listed = self.session.list()
        for job in self.counters:
            if listed.get(job.name, [None] * 3)[2] != "running":
                raise AssertionError(f"job {job.name} is not known: {sorted(listed)}")

    def run(self, kills, kill, revive, deadline, slowness=1):
        """The storm. kill(): end the daemon with SIGKILL; revive(): see to it that there is one; slowness: of the machine.
        Returns how often it was killed."""
        chance = self.random("kills")
        threads = [threading.Thread(target=self._loop, args=(step.__name__, step)) for step in (*self.starting, self.grant, self.forget, self.list)]
        for thread in threads:
            thread.start()
        killed, end = 0, time.monotonic() + deadline
        try:
            while killed < kills and time.monotonic() < end and not self.failures:
                time.sleep(slowness * chance.expovariate(1 / chance.choice([0.005, 0.05, 0.2])))  # a random instant, the one thing that is wanted here
                killed += bool(kill())
                revive()
        finally:
            self.over.set()
            for thread in threads:
                thread.join(4 * wait.SECONDS)
        assert not self.failures, self.failures
        revive()  # what was connected to may have been a client that was about to start a daemon, which was killed
        return killed

    # What is left.

    def _wrong(self, name, code, peer):
        """What is wrong with a short job, or None. It may just be running: one that the last daemon launched comes late."""
        file = self.folder / name
        lines = file.read_text().split() if file.exists() else []
        try:
            found = peer.call(job_path(name), "org.freedesktop.DBus.Properties", "GetAll", "s", JOB)
        except BusError:
            found = None
        if lines not in ([], ["begin", "end"]):
            return f"it did not run to its end, once: {lines}, {found}"
        if name in self.forgotten and found:
            return f"it was forgotten, and is known: {found}"
        if lines and not found and name not in self.asked:
            return "it ran, and is not known"
        if not found:
            return None
        if lines and (found["ExitCode"], found["State"]) != (code, "failed" if code else "exited"):
            return f"it is not told how it ended, with {code}: {found}"
        if not lines and not found["FailureReason"]:
            return f"it did not run, and nobody says why: {found}"
        return None

    def check_jobs(self):
        """Every job ran once or not at all, as it was told to, and that is what is listed."""
        with self.session.peer() as peer:
            for name, code in self.codes.items():
                wait.until(lambda: self._wrong(name, code, peer) is None, lambda: f"{name} is as it is to be: {self._wrong(name, code, peer)}")  # noqa: B023
            listed = self.session.list()
        for name in self.waited:
            assert name in listed or name in self.asked, f"{name} was waited for, and is not known"

    def clear(self):
        """Stop what was to be stopped when the daemon was killed, and forget what has ended. To be repeated: some come late."""
        for name, job in self.session.list().items():
            if name in self.long_jobs and job[2] in ("running", "starting"):
                self.session.client("stop", name)
        with self.session.peer() as peer:
            for name, job in self.session.list().items():
                if job[2] in ("exited", "failed"):
                    peer.call(MANAGER_PATH, MANAGER, "ForgetJob", "s", name)

    def check_leases(self):
        for job in self.counters:
            wait.until(lambda job=job: job.TracerPID == 0, f"nobody traces {job.name}")
            job.counts_on()


def start_daemon(session):
    """Start a daemon, unless somebody else has just done so; until one serves."""
    daemons = []

    def one_serves():
        if session.try_connect():
            return True
        if not daemons or daemons[-1].poll() is not None:
            with open(session.folder / "daemon.log", "ab") as log:
                daemons.append(subprocess.Popen([DAEMON], env=session.env, cwd="/", stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                                start_new_session=True))
        return session.try_connect()

    wait.until(one_serves, "a daemon serves")
    return daemons


def kill_serving(session):
    """Kill the daemon, and those that are about to be. Returns whether there was one."""
    pids = [pid for pid, command in session.processes() if command == str(DAEMON)]
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    wait.until(lambda: not any(map(pid_alive, pids)), "the daemon ends")
    return bool(pids)
