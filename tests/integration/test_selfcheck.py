# SPDX-License-Identifier: LGPL-2.1-or-later
"""A job that checks the results of all its calls is granted, woken, attached to, stopped and signalled, and sees nothing of it.

HELICOPTER_STRESS is how many times: some hundreds by default, 10000 for the long form."""

import os
import random

import pytest
from support.selfcheck import SelfCheck

COUNT = int(os.environ.get("HELICOPTER_STRESS", "300"))
SECONDS = max(40, COUNT // 5)


@pytest.mark.deadline(SECONDS + 60)
@pytest.mark.parametrize("python", ["python3.14", "python3.15", "python3.14-dbg"])
def test_nothing_is_seen_of_it(session, python):
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    job = SelfCheck(session, python, seed)
    job.operate(COUNT, SECONDS)
    job.check()
