# SPDX-License-Identifier: LGPL-2.1-or-later
"""seed.py COMMAND…: the plain way to what helicopter does, in Python: a supervisor that starts a job, and for each line on its stdin
(a pid) has the job permit that process by a script, waits for as long as that may take, and answers with a line."""

import subprocess
import sys
import tempfile
import time

# A script has no word for "it is done".
PAUSE = 0.2

SCRIPT = """
import ctypes
ctypes.CDLL("libc.so.6").prctl(0x59616d61, {pid}, 0, 0, 0)
"""

job = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
try:
    for line in sys.stdin:
        with tempfile.NamedTemporaryFile("w", suffix=".py") as script:
            script.write(SCRIPT.format(pid=int(line)))
            script.flush()
            sys.remote_exec(job.pid, script.name)
            time.sleep(PAUSE)
        print("granted", flush=True)
finally:
    job.kill()
