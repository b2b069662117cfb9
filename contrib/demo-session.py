#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""demo-session.py SCRIPT: start SCRIPT as a job, attach to it by name, look, detach; show all of it as it happens.

What is typed is typed on a terminal of its own, as a person would. Every step is checked: the exit status is 1 when one did not
do what it should.
"""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time

JOB = "demo"
SECONDS = 120  # for one answer: an emulated machine is slow


class Failure(Exception):
    """A step did not do what it should."""


def say(text):
    print(f"\n# {text}", flush=True)


def prompt(*command):
    print("$ " + " ".join(command), flush=True)


def run(*command, fails=False):
    """Run a command, show it and its output, return the output."""
    prompt(*command)
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True,
                          timeout=SECONDS)
    print(done.stdout, end="", flush=True)
    if bool(done.returncode) != fails:
        raise Failure(f"{command[0]} ended with status {done.returncode}")
    return done.stdout


class Terminal:
    """A command on a pseudo-terminal, whose output is shown and can be waited for."""

    def __init__(self, *command):
        prompt(*command)
        self.output = ""
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            try:
                os.environ["TERM"] = "dumb"
                os.execvp(command[0], command)
            except OSError as error:
                os.write(2, f"{error}\n".encode())
            finally:
                os._exit(127)  # a fork must not go on as this program

    def read(self, deadline):
        """Show and keep what comes; False at its end."""
        if not select.select([self.terminal], [], [], max(0, deadline - time.monotonic()))[0]:
            raise Failure(f"no answer after {SECONDS} s")
        try:
            data = os.read(self.terminal, 4096).decode(errors="replace")
        except OSError:  # EIO: the command's side is closed
            data = ""
        sys.stdout.write(data.replace("\r\n", "\n"))
        sys.stdout.flush()
        self.output += data
        return bool(data)

    def wait_for(self, pattern):
        """Read until the pattern is there; return the match, and forget what came before its end."""
        deadline = time.monotonic() + SECONDS
        while not (match := re.search(pattern, self.output)):
            if not self.read(deadline):
                raise Failure(f"it ended without {pattern!r}")
        self.output = self.output[match.end():]
        return match

    def type(self, line):
        time.sleep(0.3)  # for the reader's eye
        os.write(self.terminal, line.encode() + b"\n")

    def finish(self):
        """Wait for the end, return the exit code."""
        deadline = time.monotonic() + SECONDS
        while self.read(deadline):
            pass
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def counter(session):
    """Ask pdb for the job's counter."""
    session.type("p counter")
    value = int(session.wait_for(r"p counter\s+(\d+)\s").group(1))
    session.wait_for(r"\(Pdb\) ")
    return value


def line_of(script, text):
    """The number of the first line that has the text."""
    with open(script, encoding="utf-8") as file:
        return next(number for number, line in enumerate(file, 1) if text in line)


def attach(script):
    """Attach, step, look, detach; return the counter."""
    session = Terminal("helicopter-client", "attach", "--job", JOB)
    session.wait_for(r"\(Pdb\) ")
    # The job may have been met inside of a function that it calls: go on to its own loop, where the counter is.
    for line in ("where", f"tbreak {script}:{line_of(script, 'time.sleep(')}", "continue", "next"):
        session.type(line)
        session.wait_for(r"\(Pdb\) ")
    value = counter(session)
    session.type("quit")
    if code := session.finish():
        raise Failure(f"attach ended with status {code}")
    return value


def main():
    script = sys.argv[1]
    say("Yama lets a process be traced by its ancestors only:")
    run("cat", "/proc/sys/kernel/yama/ptrace_scope")

    say("A job is started. It needs no terminal, and outlives this one.")
    run("helicopter-client", "run", "--job", JOB, "--", "python3", script)
    listing = run("helicopter-client", "list")
    pid = re.search(rf"^{JOB}\b.*?\b(\d+)\b", listing, re.MULTILINE).group(1)

    say("pdb alone may not attach to it:")
    refused = run("python3", "-m", "pdb", "-p", pid, fails=True)
    if "permission" not in refused:
        raise Failure("that was not a refusal")

    say("helicopter has it permitted, to this one debugger and for as long as it runs:")
    first = attach(script)

    say("The job counts on:")
    run("helicopter-client", "list")
    second = attach(script)
    if second <= first:
        raise Failure(f"the job did not go on: its counter was {first} and is {second}")

    say("Afterwards nobody may trace it again, and the job is still there:")
    run("python3", "-m", "pdb", "-p", pid, fails=True)
    os.kill(int(pid), 0)
    run("helicopter-client", "list")
    say("Its output is in the journal:")
    run("journalctl", "--user", "--quiet", "--no-pager", "--output=cat", "-n", "3", "-u", f"helicopter-{JOB}")


def clean_up():
    say("The job is stopped.")
    run("helicopter-client", "stop", JOB)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        try:
            main()
        finally:
            clean_up()
    except (Failure, OSError, subprocess.TimeoutExpired) as failure:
        sys.exit(f"demo: FAILED: {failure}")
    print("\ndemo: done")
