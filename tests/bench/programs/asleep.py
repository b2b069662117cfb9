# SPDX-License-Identifier: LGPL-2.1-or-later
"""asleep.py READY: sleep, for long."""

import sys
import time

open(sys.argv[1], "w").close()
time.sleep(1000)
