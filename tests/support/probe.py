# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a debugger may have left behind in a job, asked of the job itself and of the kernel."""

import json
import os

from support import process, wait
from support.session import JOB, job_path, queue_script

SCRIPT = """
def probe(path):
    import json, os, sys, threading
    frames, traced = list(sys._current_frames().values()), []
    for frame in frames:
        while frame:
            if frame.f_trace:
                traced.append(f"{frame.f_code.co_name}: {frame.f_trace!r}")
            frame = frame.f_back
    found = {"trace": repr(sys.gettrace()), "threads": repr(threading.gettrace()), "frames": traced,
             "tools": [sys.monitoring.get_tool(tool) for tool in range(6)],
             "globals": [name for name in sys.modules["__main__"].__dict__ if "pdb" in name.lower() or "helicopter" in name.lower()]}
    with open(path + ".new", "w") as file:
        json.dump(found, file)
    os.rename(path + ".new", path)
try:
    probe(@PATH@)
finally:
    del probe
"""
CLEAN = {"trace": "None", "threads": "None", "frames": [], "tools": [None] * 6, "globals": []}


def in_job(session, name):
    """What the thread of the job that runs scripts says."""
    path = session.folder / f"{name}.probe"
    path.unlink(missing_ok=True)
    with session.peer() as peer:
        queue_script(peer, name, SCRIPT.replace("@PATH@", repr(str(path))))
        peer.call(job_path(name), JOB, "Wake", "ua{sv}", 0, {})
    wait.until(path.exists, "the job answers")
    return json.loads(path.read_text())


def in_kernel(pid):
    """(state, tracer) of all threads of a process."""
    found = set()
    for thread in os.listdir(f"/proc/{pid}/task"):
        status = process.status(f"{pid}/task/{thread}")
        found.add((status["State"][0], int(status["TracerPid"])))
    return found


def nothing_is_left(session, name):
    """Assert that a job is as if there had never been a debugger."""
    pid = session.list()[name][3]
    wait.until(lambda: session.list()[name][4] == 0, "the lease ends")
    wait.until(lambda: in_kernel(pid) <= {("S", 0), ("R", 0), ("D", 0)}, lambda: f"it goes on: {in_kernel(pid)}")
    # A debugger that has lost its client is still there for a moment.
    seen = []
    wait.until(lambda: seen.append(in_job(session, name)) or seen[-1] == CLEAN, lambda: f"nothing is left: {seen[0]}, then {seen[-1]}")
    if len(seen) > 1:
        print(f"left for {len(seen) - 1} looks: {seen[0]}")
