# SPDX-License-Identifier: LGPL-2.1-or-later
"""From a command to the first line of the program that it starts."""

import os
import select
import subprocess
import time
from contextlib import contextmanager

from bench.place import PROGRAMS
from bench.sample import Bound, figure
from support import wait


def time_to_line(command, fifo, place, env=None):
    """Milliseconds until the program has opened the FIFO and written to it. The command is waited for."""
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    os.set_blocking(reader, True)
    writer = os.open(fifo, os.O_WRONLY)  # so that reading waits
    began = time.perf_counter()
    with subprocess.Popen([str(word) for word in command], env=env or place.env, cwd=place.session.folder, stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, start_new_session=True) as process:  # as a job has: it gets its share of a busy machine
        try:
            assert select.select([reader], [], [], wait.SECONDS)[0], f"no line came from {command}"
            assert os.read(reader, 100) == b"line\n"
            taken = time.perf_counter() - began
            assert process.wait(wait.SECONDS) == 0
        finally:
            process.kill()  # unless it has ended
    os.close(writer)
    os.close(reader)
    return taken * 1000


def timed(place, fifo, case, *command, env=None):
    return {case: time_to_line(command, fifo, place, env)}


def named(place, fifo, case, make_command):
    """Of a command that makes a job."""
    name = place.new_name()
    result = timed(place, fifo, case, *make_command(name))
    place.forget(name)
    return result


@contextmanager
def fifo_at(place):
    path = place.new_path()
    os.mkfifo(path)
    yield path


@figure("parent", "helicopter-parent: from the command to the first line of a Python program", "ms",
        Bound("helicopter-parent", 5, "python", excess=True), runs=2, note="helicopter-parent target.py FILE, and python3 target.py FILE.")
@contextmanager
def parent(place):
    script, env = PROGRAMS / "first.py", place.env_with_python3()

    def with_parent(fifo):
        result = timed(place, fifo, "helicopter-parent", place.parent, script, fifo, env=env)
        place.forget(script.stem)  # that is what the job is called, then
        return result

    with fifo_at(place) as fifo:
        yield lambda: with_parent(fifo), lambda: timed(place, fifo, "python", "python3", script, fifo, env=env)


@figure("run", "run: from the command to the first line of a Python program", "ms", Bound("run", 1.15, "systemd-run"),
        note="systemd-run: with --user --wait --pipe.", needs={"systemd-run": "a service manager for the user"})
@contextmanager
def run(place):
    with fifo_at(place) as fifo:
        program = place.program("first.py", fifo)
        subjects = [
            lambda: named(place, fifo, "run", lambda name: [place.client, "run", "--wait", "--job", name, "--", *program]),
            lambda: timed(place, fifo, "python", *program),
        ]
        if place.has_units:
            subjects.append(lambda: timed(place, fifo, "systemd-run", "systemd-run", "--user", "--wait", "--pipe", "--quiet", *program))
        yield subjects
