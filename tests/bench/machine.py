# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a measurement was made on."""

import os
import platform
import subprocess
import time
from pathlib import Path


def output(*command):
    """What a program says on its first line; empty when it is not there."""
    try:
        lines = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, timeout=60).stdout.splitlines()
    except OSError:
        return ""
    return lines[0].strip() if lines else ""


def processor():
    names = [line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return f"{len(os.sched_getaffinity(0))} × {names[0] if names else platform.machine()}"


def yama():
    try:
        return Path("/proc/sys/kernel/yama/ptrace_scope").read_text().strip()
    except OSError:
        return "no Yama"


def about(place, runs):
    """{what: which}, for a report's head."""
    return {
        "machine": processor() + (", emulated" if place.emulated else ""),
        "kernel": platform.release(),
        "ptrace_scope": yama(),
        "python": output(place.python, "--version").removeprefix("Python "),
        "helicopter": output(place.client, "--version").removeprefix("helicopter-client "),
        "systemd": output("systemctl", "--version").removeprefix("systemd "),
        "gdb": output("gdb", "--version").removeprefix("GNU gdb "),
        "load": " ".join(f"{load:.1f}" for load in os.getloadavg()),
        "runs": str(runs),
        "date": time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime()),
    }
