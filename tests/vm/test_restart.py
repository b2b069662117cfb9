# SPDX-License-Identifier: LGPL-2.1-or-later
"""restart of jobs that are units, as far as the controllers of their cgroups tell of it (see tests/session/test_restart.py)."""

from pathlib import Path

import pytest


@pytest.mark.parametrize("policy", [(), ("-p", "Restart=always")])
def test_limit_of_memory_is_as_it_was(session, policy):
    job = session.run_counter(options=["-p", "MemoryMax=200M", *policy])
    for _ in range(2):
        session.client("restart", "count")
        assert Path(f"/sys/fs/cgroup{job.ControlGroup}/memory.max").read_text().strip() == str(200 << 20)
