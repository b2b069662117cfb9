# SPDX-License-Identifier: LGPL-2.1-or-later
"""busy.py READY: compute, for good."""

import sys


def work():
    number = 0
    while True:
        number += 1


open(sys.argv[1], "w").close()
work()
