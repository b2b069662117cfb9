# SPDX-License-Identifier: LGPL-2.1-or-later
import pytest
from support import wait
from support.session import UserSession

SCOPE = "kernel.yama.ptrace_scope"


def set_scope(value):
    wait.run("sudo", "sysctl", "-q", f"{SCOPE}={value}")


@pytest.fixture
def session(opened):
    """The user's session, with the socket listening and nothing else."""
    return opened(UserSession())


@pytest.fixture
def scope():
    """Set ptrace_scope; it is 1 again afterwards."""
    yield set_scope
    set_scope(1)


@pytest.fixture(scope="session", autouse=True)
def machine():
    """What the suite relies on. It is no use anywhere else, and would pass for the wrong reasons."""
    with open("/proc/sys/kernel/yama/ptrace_scope", encoding="ascii") as file:
        assert file.read().strip() == "1"
    assert wait.run("systemctl", "--user", "is-system-running", check=False).stdout.strip() in ("running", "degraded")
    assert wait.run("id", "-u").stdout.strip() != "0"
