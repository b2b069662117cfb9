# SPDX-License-Identifier: LGPL-2.1-or-later
"""The job that checks the results of all its calls, under Yama: here a grant is a system call that is injected into it."""

import os
import random

import pytest
from support.selfcheck import SelfCheck

COUNT = int(os.environ.get("HELICOPTER_STRESS", "100"))
SECONDS = max(120, COUNT)


@pytest.mark.deadline(SECONDS + 240)
@pytest.mark.parametrize("python", ["python3.14", "python3.15"])
def test_nothing_is_seen_of_it(session, python):
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    job = SelfCheck(session, python, seed)
    job.operate(COUNT, SECONDS)
    assert job.done["grant"] > COUNT / 20
    job.check()
