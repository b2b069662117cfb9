# SPDX-License-Identifier: LGPL-2.1-or-later
"""granting.py SOCKET JOB-PATH SECONDS: take a job's lease and let go of it, again and again; print how often. A line on stdin is the
beginning."""

import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from support.sdbus import Connection  # noqa: E402

with Connection(f"unix:path={sys.argv[1]}", bus=False) as peer:
    print("ready", flush=True)
    sys.stdin.readline()
    count, end = 0, time.monotonic() + float(sys.argv[3])
    while time.monotonic() < end:
        os.close(peer.call(sys.argv[2], "org.helicopter1.Job", "Grant", "ua{sv}", 0, {}))
        count += 1
print(count, flush=True)
