# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the kernel tells of a process."""

import contextlib
import ctypes
import os
import signal
import struct
from pathlib import Path

from support import wait


def stat(pid):
    """The fields of /proc/PID/stat behind the name, as proc(5) has them from the third on: state, parent …"""
    return Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()


def state(pid):
    """A letter: "R" runs, "S" sleeps, "T" is stopped, "t" is stopped by its tracer …"""
    return stat(pid)[0]


def wait_stopped(pid):
    """Wait until it is stopped, or is so again: when its tracer leaves, it runs into the stop anew (Linux 6.18)."""
    wait.until(lambda: state(pid) == "T", lambda: f"process {pid} is stopped; it is {state(pid)}")


def stop(pid):
    """Stop it by a signal, which takes a moment."""
    os.kill(pid, signal.SIGSTOP)
    wait_stopped(pid)


def pid_alive(pid):
    """Whether there is such a process; a zombie is none."""
    try:
        return state(pid) not in "ZX"
    except OSError:
        return False


def status(pid):
    """/proc/PID/status as {name: value}."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace").splitlines()
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


def children(pid):
    """The pids of those that its main thread has started, or that it was given."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]


def time_slice(pid):
    """In nanoseconds (sched_getattr(2)); 0 where the kernel has none of an ordinary process's own, before Linux 6.12."""
    attributes = ctypes.create_string_buffer(48)
    sched_getattr = {"x86_64": 315, "aarch64": 275}[os.uname().machine]
    if ctypes.CDLL(None, use_errno=True).syscall(sched_getattr, pid, attributes, len(attributes), 0) < 0:
        raise OSError(ctypes.get_errno(), "sched_getattr")
    return struct.unpack("IIQiIQQQ", attributes)[5]


def tracer(pid):
    """The pid of who traces it; 0: nobody."""
    return int(status(pid)["TracerPid"])


def memory(pid):
    """The resident memory in KiB."""
    return int(status(pid)["VmRSS"].split()[0])


def descriptors(pid):
    """How many files it has open."""
    return len(os.listdir(f"/proc/{pid}/fd"))


def pipes(pid):
    """The pipes that it has open; one that goes meanwhile may not be told."""
    found = set()
    for number in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(FileNotFoundError):
            found.add(os.readlink(f"/proc/{pid}/fd/{number}"))
    return {name for name in found if name.startswith("pipe:")}


def dozes(parent, daemon):
    """Whether the connection between them does: the bell is a pipe that both have."""
    return bool(pipes(parent) & pipes(daemon))


def environment(pid):
    """Its variables, as NAME=VALUE in bytes."""
    return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")


def command_line(pid):
    """Its words, with a blank between them."""
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()


def system_call(pid, tid=None):
    """The number of the system call that a thread (the main one) waits in, and its arguments, as text; "running" when it is in none."""
    return Path(f"/proc/{pid}/task/{tid or pid}/syscall").read_text(encoding="ascii")


def wait_idle(pid):
    """Wait until it has waited in the same system call for a while. For where there is no sign that it has come to that."""
    seen = []

    def stays():
        seen.append(system_call(pid))
        return len(seen) > 10 and len(set(seen[-10:])) == 1 and seen[-1] != "running"

    wait.until(stays, lambda: f"process {pid} waits: {seen[-3:]}")


def zombies(*parents):
    """Processes that one of the parents has not waited for."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                fields = stat(entry)
            except OSError:
                continue
            if fields[0] == "Z" and int(fields[1]) in parents:
                found.append(int(entry))
    return found
