# SPDX-License-Identifier: LGPL-2.1-or-later
"""Fixtures of the suites that run in the session of a user who is logged in."""

import pytest

from support import wait
from support.session import UserSession


@pytest.fixture
def session(opened):
    """The user's session, with the socket listening and nothing else."""
    return opened(UserSession())


@pytest.fixture(scope="session", autouse=True)
def service_manager():
    """What these suites rely on; root's tests would pass for the wrong reasons."""
    assert wait.run("systemctl", "--user", "is-system-running", check=False).stdout.strip() in ("running", "degraded")
    assert wait.run("id", "-u").stdout.strip() != "0"
