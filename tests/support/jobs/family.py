# SPDX-License-Identifier: LGPL-2.1-or-later
"""family.py FILE: have a child that sleeps, whose pid is written to FILE; end when the child does."""

import subprocess
import sys

child = subprocess.Popen(["/bin/sleep", "1000"])
with open(sys.argv[1], "w", encoding="utf-8") as file:
    file.write(f"{child.pid}\n")
child.wait()
