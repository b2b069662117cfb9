# SPDX-License-Identifier: LGPL-2.1-or-later
"""Jobs that are restarted."""

import contextlib
import subprocess

from support import wait
from support.session import CLIENT, JOBS, pid_alive


def begun(session, count):
    """The pids of those that have written a line with theirs to the session's file "began", when they are that many."""
    file = session.folder / "began"

    def pids():
        found = file.read_text().split() if file.exists() else []
        return len(found) == count and [int(pid) for pid in found]

    return wait.until(pids, f"it has been started {count} times")


class Slow:
    """A job that does not end until it may."""

    def __init__(self, session, *options):
        self.session, self.name = session, "slow"
        session.client("run", "--job", self.name, *options, "--", "python3.14", JOBS / "slow.py", session.folder)
        self.pid = begun(session, 1)[0]

    def asked(self):
        wait.until((self.session.folder / "asked").exists, "it is told to end")

    def may_end(self):
        (self.session.folder / "go").touch()

    def runs_again(self):
        """Wait until it does, once."""
        before, now = begun(self.session, 2)
        assert before == self.pid and not pid_alive(before)
        self.session.wait_state(self.name, "running")
        assert self.session.list()[self.name][3] == now


@contextlib.contextmanager
def restarting(session):
    """A function that has the client ask for a restart, in the background; its Popen."""
    clients = []

    def start(*words):
        clients.append(subprocess.Popen([CLIENT, "restart", *words], env=session.env, cwd=session.folder, text=True, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE))
        return clients[-1]

    yield start
    for client in clients:
        client.kill()
        client.communicate()
