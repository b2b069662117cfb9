# SPDX-License-Identifier: LGPL-2.1-or-later
"""first.py FILE: write a line to a FIFO, and end."""

import sys

with open(sys.argv[1], "w", encoding="ascii") as file:
    file.write("line\n")
