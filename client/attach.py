# SPDX-License-Identifier: LGPL-2.1-or-later
"""Debug a running Python with pdb: attach.py PID job=NAME control=FD [wake=MODE] [timeout=SECONDS] [version=3.14.8] [command=PDB COMMAND]…

Run by helicopter-client, with the interpreter that the process runs on. The work is done by modules, so that Python may keep them compiled.
"""

import gc
import os
import sys

# What is imported from here on stays, and there is a lot of it.
gc.disable()
sys.path.append(os.path.dirname(__file__))
import attach_prepare  # noqa: E402

preparation = attach_prepare.begin(sys.argv)
from attach_session import main  # noqa: E402 # while the process is at work

sys.exit(main(preparation))
